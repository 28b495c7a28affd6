//! The examples of the library run, and what they assert holds.

#[path = "../examples/from_pytorch.rs"]
mod from_pytorch;
#[path = "../examples/mlp.rs"]
mod mlp;
#[path = "../examples/own_layer.rs"]
mod own_layer;
#[path = "../examples/own_op.rs"]
mod own_op;
#[path = "../examples/second_derivatives.rs"]
mod second_derivatives;
#[path = "../examples/sweep.rs"]
mod sweep;

#[test]
fn a_network_learns_from_a_table() {
    mlp::main().unwrap();
}

#[test]
fn an_own_layer_is_checked_and_trained() {
    own_layer::main().unwrap();
}

#[test]
fn an_own_operation_is_checked() {
    own_op::main().unwrap();
}

#[test]
fn second_derivatives_are_exact() {
    second_derivatives::main();
}

#[test]
fn a_sweep_finds_a_learning_rate() {
    sweep::main().unwrap();
}

#[test]
fn weights_of_pytorch_give_its_outputs() {
    from_pytorch::main().unwrap();
}
