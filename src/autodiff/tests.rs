//! Tests of the tape: sums over paths, zeros, higher orders, and panics at the caller's line.

use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex};

use approx::assert_relative_eq;

use super::list::{grad, hvp, jvp, vjp};
use super::{Algebra, Pictures as _, Tape, Var};
use crate::random::{Purpose, Stream};
use crate::tensor::{Tensor, Window};

fn vector(values: &[f64]) -> Tensor<f64> {
    Tensor::vector(values)
}

fn normal(stream: &mut Stream, shape: &[usize]) -> Tensor<f64> {
    Tensor::from_fn(shape, || stream.normal())
}

fn assert_close(a: &Tensor<f64>, b: &Tensor<f64>) {
    assert_eq!(a.shape(), b.shape());
    assert_relative_eq!(a.as_slice(), b.as_slice(), epsilon = 1e-13, max_relative = 1e-13);
}

#[test]
fn a_variable_used_several_times_gathers_all_its_gradients() {
    let tape = Tape::new();
    let x = tape.var(vector(&[2.0, -3.0]));
    // x + x² + x x², of gradient 1 + 2x + 3x²
    let square = x * x;
    let y = (x + square + x * square).sum();
    assert_eq!(y.backward(&[x])[0].as_ref().unwrap().as_slice(), [17.0, 22.0]);
    assert_eq!(y.grad([x])[0].value().as_slice(), [17.0, 22.0]);
}

#[test]
fn gradients_of_unreached_variables_are_none_or_zero() {
    let tape = Tape::new();
    let (x, unused) = (tape.var(vector(&[1.0])), tape.var(vector(&[5.0, 6.0])));
    let y = (x * 3.0).sum();
    let later = y * 2.0;
    let gradients = y.backward(&[unused, x, later, x]);
    assert!(gradients[0].is_none() && gradients[2].is_none());
    assert_eq!((gradients[1].clone(), gradients[3].clone()), (Some(vector(&[3.0])), Some(vector(&[3.0]))));
    let [zero, _] = y.grad([unused, x]);
    assert_eq!(zero.value(), vector(&[0.0, 0.0]));
    assert_eq!(grad(|x| x[0].sum(), &[vector(&[1.0]), vector(&[2.0])]).1[1], vector(&[0.0]));
    assert!(y.backward(&[]).is_empty());
}

#[test]
fn detached_values_stop_gradients() {
    let tape = Tape::new();
    let x = tape.var(vector(&[2.0]));
    assert_eq!((x * x.detach()).sum().backward(&[x])[0], Some(vector(&[2.0])));
    assert_eq!(x.detach().sum().backward(&[x])[0], None);
}

#[test]
fn gradients_with_respect_to_intermediates_and_outputs() {
    let tape = Tape::new();
    let x = tape.var(vector(&[0.5]));
    let square = x * x;
    let y = square.exp().sum();
    let [to_x, to_square, to_y] = y.grad([x, square, y]);
    let e = 0.25_f64.exp();
    assert_close(&to_square.value(), &vector(&[e]));
    assert_close(&to_x.value(), &vector(&[e]));
    assert_eq!(to_y.value(), Tensor::scalar(1.0));
    // A vector-valued output pulls back to itself, whatever the seed.
    let g = vector(&[7.0]);
    assert_eq!(square.pull_back(&[square], g.clone()), [Some(g)]);
}

#[test]
fn products_of_a_linear_map_and_a_quadratic_form() {
    fn image<'t>(x: &[Var<'t, f64>]) -> Var<'t, f64> {
        x[0].matmul(&x[1])
    }
    fn form<'t>(x: &[Var<'t, f64>]) -> Var<'t, f64> {
        x[1].product(&image(x), true, false)
    }
    let stream = &mut Stream::new(0, Purpose::Check);
    let [a, x, v, u] = [&[3, 3][..], &[3, 1], &[3, 1], &[3, 1]].map(|shape| normal(stream, shape));
    let (still, at) = (Tensor::zeros(&[3, 3]), [a.clone(), x.clone()]);

    // A x: its derivative along v, and the vector-Jacobian product with u
    let (value, along) = jvp(image, &at, &[still.clone(), v.clone()]);
    assert_close(&value, &a.matmul(&x));
    assert_close(&along, &a.matmul(&v));
    let (_, back) = vjp(image, &at, &u);
    assert_close(&back[0], &u.product(&x, false, true));
    assert_close(&back[1], &a.transpose().matmul(&u));

    // xᵀ A x: gradient (A + Aᵀ) x, Hessian A + Aᵀ
    let symmetric = a.clone() + &a.transpose();
    assert_close(&grad(form, &at).1[1], &symmetric.matmul(&x));
    let second = hvp(form, &at, &[still, v.clone()]);
    assert_close(&second[1], &symmetric.matmul(&v));
    assert_close(&second[0], &(v.product(&x, false, true) + &x.product(&v, false, true)));
}

#[test]
fn powers_have_finite_derivatives_at_zero() {
    let at = [vector(&[0.0])];
    for (power, second) in [(0.0, 0.0), (1.0, 0.0), (2.0, 2.0)] {
        let along = [vector(&[1.0])];
        assert_eq!(hvp(|x| x[0].powf(power).sum(), &at, &along)[0], vector(&[second]), "x^{power}");
        assert_eq!(hvp(|x| x[0].powi(power as i32).sum(), &at, &along)[0], vector(&[second]), "x^{power}");
    }
}

#[test]
fn repeated_gradients_of_the_sine() {
    let points = vector(&[-2.0, 0.0, 0.3, 1.5, 40.0]);
    let tape = Tape::new();
    let x = tape.var(points.clone());
    let [first] = x.sin().sum().grad([x]);
    let [second] = first.sum().grad([x]);
    let [third] = second.sum().grad([x]);
    let [fourth] = third.sum().grad([x]);
    assert_close(&first.value(), &points.cos());
    assert_close(&second.value(), &-points.sin());
    assert_close(&third.value(), &-points.cos());
    assert_close(&fourth.value(), &points.sin());
}

/// A network of one hidden layer: tanh(tanh(x W₁ + b) W₂), summed.
fn network<'t>(p: &[Var<'t, f64>]) -> Var<'t, f64> {
    (p[0].matmul(&p[1]) + p[2]).tanh().matmul(&p[3]).tanh().sum()
}

#[test]
fn third_order_of_a_network_agrees_with_differences_of_the_second() {
    let stream = &mut Stream::new(1, Purpose::Check);
    let shapes: [&[usize]; 4] = [&[2, 3], &[3, 4], &[4], &[4, 2]];
    let [p, v, w] = [0; 3].map(|_| shapes.map(|shape| normal(stream, shape)));

    // The gradient of <w, gradient of <v, gradient of the network>>
    let tape = Tape::new();
    let vars = p.clone().map(|p| tape.var(p));
    let mut y = network(&vars);
    for direction in [&v, &w] {
        let mut sum = tape.var(Tensor::scalar(0.0));
        for (g, d) in y.grad(vars).into_iter().zip(direction) {
            sum = sum + (g * tape.var(d.clone())).sum();
        }
        y = sum;
    }
    let third = y.grad(vars);

    let second = |t: f64| {
        let moved = [0, 1, 2, 3].map(|i| p[i].clone() + &(w[i].clone() * t));
        hvp(network, &moved, &v)
    };
    let h = 1e-4;
    let [near, near_back, far, far_back] = [h, -h, 2.0 * h, -2.0 * h].map(second);
    for i in 0..4 {
        let near = (near[i].clone() - &near_back[i]) * 8.0;
        let slope = (near - &(far[i].clone() - &far_back[i])) / (12.0 * h);
        let third = third[i].value();
        assert_relative_eq!(third.as_slice(), slope.as_slice(), epsilon = 1e-8, max_relative = 1e-7);
    }
}

#[test]
fn conventions_at_kinks() {
    let zero = [vector(&[0.0, -0.0])];
    for (name, slope, at) in [
        ("relu", grad(|x| x[0].relu().sum(), &zero), 0.0),
        ("abs", grad(|x| x[0].abs().sum(), &zero), 0.0),
        ("gate", grad(|x| x[0].gate(&(x[0] + 1.0)).sum(), &zero), 0.0),
        ("signed", grad(|x| x[0].signed(&(x[0] + 1.0)).sum(), &zero), 0.0),
        ("maximum", grad(|x| x[0].maximum(&(x[0] * 3.0)).sum(), &zero), 2.0),
        ("minimum", grad(|x| x[0].minimum(&(x[0] * 3.0)).sum(), &zero), 2.0),
    ] {
        assert_eq!(slope.1[0], vector(&[at, at]), "{name}");
    }
    // In the first row three of four are the largest, in the second two are the smallest.
    let ties = [Tensor::matrix(&[[2.0, 2.0, 1.0, 2.0], [1.0, 5.0, 1.0, 4.0]])];
    let third = 1.0 / 3.0;
    let (_, largest) = grad(|x| x[0].max_over(&[1]).sum(), &ties);
    assert_eq!(largest[0], Tensor::matrix(&[[third, third, 0.0, third], [0.0, 1.0, 0.0, 0.0]]));
    let (_, smallest) = grad(|x| x[0].min_over(&[1]).sum(), &ties);
    assert_eq!(smallest[0], Tensor::matrix(&[[0.0, 0.0, 1.0, 0.0], [0.5, 0.0, 0.5, 0.0]]));
    let (_, over_both) = grad(|x| x[0].min_over(&[0, 1]).sum(), &ties);
    assert_eq!(over_both[0], Tensor::matrix(&[[0.0, 0.0, third, 0.0], [third, 0.0, third, 0.0]]));
}

/// NaN counts as larger (or smaller) than any number and as equal to itself, so gradients follow
/// it.
#[test]
fn gradients_follow_nan() {
    const NAN: f64 = f64::NAN;
    let at = [vector(&[NAN, 1.0, NAN]), vector(&[1.0, NAN, NAN])];
    let sides = [vector(&[1.0, 0.0, 0.5]), vector(&[0.0, 1.0, 0.5])];
    assert_eq!(grad(|x| x[0].maximum(&x[1]).sum(), &at).1, sides);
    assert_eq!(grad(|x| x[0].minimum(&x[1]).sum(), &at).1, sides);
    let (value, gradient) = grad(|x| x[0].relu().sum(), &[vector(&[NAN, 1.0, -1.0])]);
    assert!(value.item().is_nan());
    assert_eq!(gradient[0], vector(&[1.0, 1.0, 0.0]));
    let rows = [Tensor::matrix(&[[1.0, NAN, 3.0, NAN], [1.0, 3.0, 3.0, 0.0]])];
    let shared = Tensor::matrix(&[[0.0, 0.5, 0.0, 0.5], [0.0, 0.5, 0.5, 0.0]]);
    assert_eq!(grad(|x| x[0].max_over(&[1]).sum(), &rows).1[0], shared);
    // The first window has one NaN, the second two: the first NaN gets the gradient, as the first
    // of equal maxima does.
    let picture = [Tensor::matrix(&[[1.0, 5.0, NAN, 9.0], [NAN, 7.0, NAN, 2.0]]).reshape(&[1, 2, 4, 1])];
    let window = Window::new([2, 2]).step(2);
    let first = Tensor::matrix(&[[0.0, 0.0, 1.0, 0.0], [1.0, 0.0, 0.0, 0.0]]).reshape(&[1, 2, 4, 1]);
    assert_eq!(grad(|x| x[0].max_pool(&window).sum(), &picture).1[0], first);
    let pooled = picture[0].max_pool(&window);
    let (_, gradient) = grad(
        |x| {
            let constant = |value: &Tensor<f64>| x[0].context().var(value.clone());
            constant(&picture[0]).max_pool_input(&constant(&pooled), &x[0], &window).powi(2).sum()
        },
        &[Tensor::ones(&[1, 1, 2, 1])],
    );
    assert_eq!(gradient[0].as_slice(), [2.0, 2.0], "each went to one element");
}

/// The message of a panic, and the line of this file that it points at.
fn panic_of(f: impl FnOnce()) -> (String, u32) {
    let seen = Arc::new(Mutex::new(None));
    let (into, thread) = (Arc::clone(&seen), std::thread::current().id());
    let previous = Arc::new(panic::take_hook());
    let other = Arc::clone(&previous);
    panic::set_hook(Box::new(move |info| {
        if std::thread::current().id() == thread {
            let message = info.payload_as_str().unwrap_or_default().to_owned();
            let location = info.location().map(|at| (at.file().to_owned(), at.line()));
            *into.lock().unwrap() = Some((message, location.expect("panics have a location")));
        } else {
            other(info);
        }
    }));
    let outcome = panic::catch_unwind(AssertUnwindSafe(f));
    panic::set_hook(Box::new(move |info| previous(info)));
    assert!(outcome.is_err(), "no panic");
    let (message, (file, line)) = seen.lock().unwrap().take().expect("the hook was called");
    assert!(file.ends_with(file!()), "the panic points at {file}:{line}");
    (message, line)
}

/// The message of a panic, which has to point at the line of `$call`.
macro_rules! panics {
    ($call:expr) => {{
        let (message, line) = panic_of(|| {
            let _ = $call;
        });
        assert_eq!(line, line!(), "{message}");
        message
    }};
}

#[test]
fn panics_point_at_the_callers_line() {
    let (tape, elsewhere) = (Tape::new(), Tape::new());
    let x = tape.var(Tensor::<f64>::ones(&[2, 3]));
    let there = elsewhere.var(Tensor::ones(&[2, 3]));
    let numbers = x.value();
    let at = [x.value()];
    for (message, expected) in [
        (panics!(x.matmul(&x)), "matmul: [2, 3] x [2, 3]: inner dimensions 3 and 2 differ"),
        (panics!(numbers.matmul(&numbers)), "matmul: [2, 3] x [2, 3]: inner dimensions 3 and 2 differ"),
        (
            panics!(x + tape.var(Tensor::ones(&[2]))),
            "add: [2, 3] and [2]: extents 3 and 2 of axis -1 differ, and neither is 1",
        ),
        (panics!(x.mean_over(&[2])), "[2, 3] has no axis 2"),
        (panics!(x.softmax(2)), "softmax: [2, 3] has no axis 2"),
        (
            panics!(Tensor::<f64>::zeros(&[0, 3]).max_over(&[0])),
            "max_to: [0, 3]: axis 0 has no elements, so no maximum",
        ),
        (panics!(x * there), "mul: the inputs are on different tapes"),
        (panics!(x.sum().backward(&[there])), "gradient: the variables are on different tapes"),
        (panics!(x.sum().grad([there])), "gradient: the variables are on different tapes"),
        (
            panics!(x.backward(&[x])),
            "gradient: a value of shape [2, 3] is not a single number; sum it, or use vjp",
        ),
        (
            panics!(x.pull_back(&[x], Tensor::ones(&[3]))),
            "vjp: a vector of shape [3] for a value of shape [2, 3]",
        ),
        (
            panics!(grad(|x| x[0], &at)),
            "gradient: a value of shape [2, 3] is not a single number; sum it, or use vjp",
        ),
        (panics!(hvp(|x| x[0], &at, &at)), "hvp: a value of shape [2, 3] is not a single number"),
        (panics!(jvp(|x| x[0], &at, &[Tensor::ones(&[3])])), "a direction of shape [3] for [2, 3]"),
        (panics!(jvp(|x| x[0], &at, &[])), "0 directions for 1 inputs"),
    ] {
        assert_eq!(message, expected);
    }
}

#[test]
fn empty_tensors_pass_through() {
    let empty = Tensor::<f64>::zeros(&[3, 0]);
    assert_eq!((empty.clone() + &Tensor::ones(&[1])).shape(), [3, 0]);
    assert_eq!(empty.softmax(0).shape(), [3, 0]);
    assert_eq!(empty.max_over(&[0]).shape(), [0], "the maximum of no rows");
    assert_eq!(Tensor::<f64>::zeros(&[1, 0]).broadcast_to(&[3, 0]).shape(), [3, 0]);
    assert_eq!(empty.product(&Tensor::zeros(&[0, 2]), false, false), Tensor::zeros(&[3, 2]));
    let (sum, gradients) = grad(|x| (x[0] * x[1]).sum(), &[empty, Tensor::ones(&[1])]);
    assert_eq!((sum.item(), gradients[1].item()), (0.0, 0.0));
}
