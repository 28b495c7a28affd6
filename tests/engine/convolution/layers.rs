//! Layers of convolutions.

use super::*;

fn layer(inputs: usize, outputs: usize, window: Window) -> Conv2dConfig {
    Conv2dConfig { inputs, outputs, window, groups: 1, bias: false, init: Init::Uniform(1.0) }
}

#[test]
fn the_receptive_field_by_formula_is_the_support_of_the_gradient() {
    let windows = [
        vec![Window::new([3, 3])],
        vec![Window::new([3, 5]), Window::new([2, 3]).step(2), Window::new([3, 1])],
        vec![
            Window::new([3, 3]).step(2),
            Window { dilation: [2, 3], ..Window::new([3, 3]) },
            Window::new([1, 1]),
            Window::new([3, 2]).step(3),
        ],
    ];
    for windows in windows {
        let mut stream = Stream::new(1, Purpose::Init);
        let tape = Tape::new();
        let x = tape.var(normal(&[1, 61, 61, 1], 1));
        let mut h = x;
        for window in &windows {
            // With positive weights no gradients cancel.
            let config = layer(1, 1, *window);
            let mut layer = Conv2d::new(config, &mut stream);
            layer.kernel = layer.kernel.abs();
            let layer = layer.cast::<f32, f64>();
            h = h.conv2d(&tape.var(layer.kernel.clone()), None, layer.window(), 1);
        }
        let &[_, rows, columns, _] = &h.shape()[..] else { panic!("pictures") };
        let middle = h.slice(&[0, rows / 2, columns / 2, 0], &[1, 1, 1, 1]).sum();
        let [gradient] = middle.grad([x]);
        let gradient = gradient.value();
        let reached = |axis: usize| {
            let rows = gradient
                .view()
                .indexed_iter()
                .filter(|(_, g)| **g != 0.0)
                .map(|(i, _)| i[axis])
                .collect::<Vec<_>>();
            rows.iter().max().unwrap() - rows.iter().min().unwrap() + 1
        };
        assert_eq!([reached(1), reached(2)], receptive_field(&windows), "{windows:?}");
    }
}

#[test]
fn same_padding_keeps_extents_up_to_the_stride() {
    for kernel in 1..6 {
        for stride in 1..4 {
            for n in 1..12 {
                let window = Window::new([kernel, 1]).same().step(stride);
                let y = normal(&[1, n, n, 1], 1).conv2d(&normal(&[kernel, 1, 1, 1], 2), None, &window, 1);
                assert_eq!(y.shape()[1..3], [n.div_ceil(stride), n.div_ceil(stride)]);
            }
        }
    }
}

#[test]
fn the_transposed_layer_is_the_adjoint_and_restores_the_extents() {
    let stream = &mut Stream::new(3, Purpose::Init);
    let window = Window { padding: [[1, 1]; 2], ..Window::new([3, 3]) }.step(2);
    let up = ConvTranspose2d::new(layer(4, 6, window), [1, 1], stream).cast::<f32, f64>();
    let y = normal(&[2, 5, 7, 6], 1);
    let x = up.forward(&y, &mut Pass::inference());
    assert_eq!(x.shape(), [2, 10, 14, 4]);
    let other = normal(x.shape(), 2);
    assert_relative_eq!(
        inner(&x, &other),
        inner(&y, &other.conv2d(&up.kernel, None, &window, 1)),
        max_relative = 1e-12
    );
}

#[test]
fn initial_weights_have_the_variance_for_their_fan_in() {
    let config = Conv2dConfig {
        inputs: 64,
        outputs: 32,
        window: Window::new([3, 3]),
        groups: 2,
        bias: true,
        init: Init::HeNormal,
    };
    let layer = Conv2d::new(config, &mut Stream::new(1, Purpose::Init));
    assert_eq!(layer.kernel.shape(), [3, 3, 32, 32]);
    let variance = layer.kernel.as_slice().iter().map(|w| f64::from(w * w)).sum::<f64>() / (9.0 * 1024.0);
    assert_relative_eq!(variance, 2.0 / (9.0 * 32.0), max_relative = 0.05);
    assert!(layer.bias.unwrap().as_slice().iter().all(|&b| b == 0.0));
}

#[test]
fn errors_name_shapes_that_do_not_fit() {
    let message = |x: &[usize], w: &[usize], window: Window, groups: usize| {
        let op = ece472::autodiff::Op::Conv2d { window: Box::new(window), groups };
        op.shape(&[x, w]).unwrap_err().to_string()
    };
    let window = Window::new([3, 3]);
    assert_eq!(
        message(&[2, 8, 8, 3], &[3, 3, 4, 5], window, 1),
        "conv2d: pictures have 3 channels, the kernel [3, 3, 4, 5] takes 4"
    );
    assert_eq!(
        message(&[2, 8, 8], &[3, 3, 4, 5], window, 1),
        "conv2d: [2, 8, 8] is not [batch, height, width, channels]"
    );
    assert_eq!(
        message(&[2, 2, 8, 3], &[3, 3, 3, 5], window, 1),
        "conv2d: a window that spans 3 does not fit into the height 0 + 2 + 0"
    );
    assert_eq!(
        message(&[2, 8, 8, 3], &[3, 3, 1, 5], window, 3),
        "conv2d: 3 channels and 5 outputs cannot be cut into 3 groups"
    );
    assert_eq!(
        message(&[2, 8, 8, 3], &[2, 3, 3, 5], window, 1),
        "conv2d: the kernel [2, 3, 3, 5] is not a window of [3, 3]"
    );
    assert_eq!(
        message(&[2, 8, 8, 3], &[3, 3, 3, 5], window.step(0), 1),
        "conv2d: the stride is 0 along the height"
    );
    let pool = ece472::autodiff::Op::MaxPool(Box::new(Window { padding: [[3, 0], [0, 0]], ..window }));
    assert!(
        pool.shape(&[&[1, 4, 4, 1]]).unwrap_err().to_string().contains("nothing but padding along axis 1")
    );
}
