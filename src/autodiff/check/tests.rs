//! The checker has to catch wrong gradients and to pass right ones.

use super::{Check, Failure, Row, Table, gradients};
use crate::autodiff::{Algebra, Var};
use crate::tensor::Tensor;

fn inputs() -> [Tensor<f64>; 2] {
    [Tensor::vector(&[0.3, -1.2, 0.8]), Tensor::matrix(&[[0.5, 1.5, -0.7], [2.0, 0.4, 0.9]])]
}

/// x's value with `gradient`'s derivatives: x at order 0, `gradient` from order 1 on.
fn disguised<'t>(x: Var<'t, f64>, gradient: Var<'t, f64>) -> Var<'t, f64> {
    x.detach() + (gradient - gradient.detach())
}

fn failing(f: impl for<'t> Fn(&[Var<'t, f64>]) -> Var<'t, f64>) -> (Vec<&'static str>, String) {
    let failure = gradients(f, &inputs()).expect_err("a wrong rule has to be caught");
    let message = failure.to_string();
    let Failure::Disagreement { report, tolerance } = failure else { panic!("{message}") };
    (report.kinds().filter(|(_, worst)| worst.error > tolerance).map(|(kind, _)| kind).collect(), message)
}

#[test]
fn a_right_function_passes_and_reports_its_errors() {
    let report = gradients(|x| (x[0] * x[1]).sin().exp(), &inputs()).unwrap();
    assert!(report.worst() < 1e-9, "{report}");
    let text = report.to_string();
    assert!(text.contains("relative error") && text.lines().count() == 1, "{text}");
}

#[test]
fn a_missing_factor_is_caught_at_order_one() {
    let (kinds, message) = failing(|x| x[0] * x[0].detach() * x[1]);
    assert_eq!(kinds, ["gradient", "Hessian", "forward"]);
    assert!(message.starts_with("gradient: input 0 ["), "{message}");
}

#[test]
fn a_wrong_sign_is_caught() {
    let (kinds, _) = failing(|x| disguised(x[1].sin(), -x[1].sin()));
    // The second derivatives are those of the wrong first ones.
    assert_eq!(kinds, ["gradient", "forward"]);
}

#[test]
fn a_missing_gradient_is_caught_though_small() {
    // A millionth of the function, in one element of one input.
    let (kinds, message) = failing(|x| x[1].sin() + x[0].detach().narrow(0, 1, 2) * 1e-6);
    assert_eq!(kinds, ["gradient", "forward"]);
    assert!(message.starts_with("gradient: input 0 [1]: analytic 0e0, numeric"), "{message}");
}

#[test]
fn an_error_of_two_parts_in_a_million_is_caught_and_half_a_part_is_not() {
    let scaled =
        |error: f64| gradients(move |x| disguised(x[1].sin(), x[1].sin() * (1.0 + error)), &inputs());
    assert!(scaled(2e-6).is_err());
    assert!(scaled(5e-7).is_ok());
}

#[test]
fn a_rule_that_is_right_but_not_differentiable_is_caught_at_order_two() {
    // The gradient of x³/3 with x² detached: its second derivative is 0 instead of 2x.
    let (kinds, message) = failing(|x| {
        let constant = x[1].powi(2).detach();
        disguised(x[1].powi(3) / 3.0, constant * x[1])
    });
    assert_eq!(kinds, ["Hessian"]);
    assert!(message.starts_with("Hessian: input 1 ["), "{message}");
}

#[test]
fn order_two_is_checked_only_if_asked_for() {
    let check = Check { second_order: false, ..Check::default() };
    let report = check.run(|x| disguised(x[1].powi(3) / 3.0, x[1].powi(2).detach() * x[1]), &inputs());
    assert_eq!(report.unwrap().hessian, None);
}

#[test]
fn zero_gradients_pass() {
    // Zero by structure, by a closed gate and by cancellation; and an input that is not used.
    for report in [
        gradients(|x| x[0] * 0.0, &inputs()),
        gradients(|x| (x[0] - 9.0).relu(), &inputs()),
        gradients(|x| x[1].softmax(1).sum_over(&[1]), &inputs()),
        gradients(|x| (x[0] + 1e3) - x[0], &inputs()),
        gradients(|x| x[1].context().var(Tensor::ones(&[2])), &inputs()),
        gradients(|x| x[0], &[Tensor::zeros(&[0])]),
    ] {
        report.unwrap();
    }
}

#[test]
fn infinities_are_errors_that_name_the_operation() {
    let at = [Tensor::vector(&[0.0, 1.0])];
    let failure = gradients(|x| x[0].ln(), &at).unwrap_err().to_string();
    assert!(
        failure.starts_with("the value is not finite: ln at src/") && failure.ends_with("-inf"),
        "{failure}"
    );
    let failure = gradients(|x| (x[0] * 0.0).sqrt(), &at).unwrap_err().to_string();
    assert!(failure.starts_with("the gradient is not finite: div at "), "{failure}");
    // Finite at the input, but not two steps away.
    let near = [Tensor::scalar(1e-3)];
    assert!(matches!(gradients(|x| x[0].ln(), &near), Err(Failure::NonFinite { what: "value", .. })));
}

#[test]
fn large_inputs_are_sampled() {
    let count = std::cell::Cell::new(0);
    let check = Check { max_elements: 5, second_order: false, ..Check::default() };
    let x = [Tensor::from_fn(&[100], || 0.5), Tensor::ones(&[3])];
    let report = check.run(
        |x| {
            count.set(count.get() + 1);
            x[0].sin().sum() * x[1]
        },
        &x,
    );
    report.unwrap();
    // Evaluations: the value, vjp, jvp, four along v, and four for each of 5 + 3 elements.
    assert_eq!(count.get(), 3 + 4 + 4 * (5 + 3));
}

#[test]
fn a_table_shows_what_failed() {
    let names = vec!["bias".into()];
    let wrong = Check { names, ..Check::default() }.run(|x| x[0] * x[0].detach(), &inputs());
    let right = gradients(|x| x[0] * x[0], &inputs()).unwrap();
    let mut table = Table(vec![Row::from(("square", right.clone()))]);
    assert!(table.passed());
    table.extend([Row::new("half a square", [Ok(right), wrong])]);
    assert!(!table.passed());
    let text = table.to_string();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[1].starts_with("square             1  ") && lines[1].ends_with("  pass"), "{text}");
    assert!(lines[2].starts_with("half a square      2  ") && lines[2].ends_with("  FAIL"), "{text}");
    assert!(lines[3].starts_with("half a square: gradient: bias ["), "{text}");
}
