//! Deskewing: digits are made upright and centred.

use crate::assignments::mnist::problem::{PIXELS, SIZE};

/// The coordinate of the centre of the picture, between the four middle pixels.
const MIDDLE: f64 = 13.5;

/// The picture, made upright and centred by its moments (LeCun et al. 1998, section III.A).
///
/// The ink has the centre of mass (c_x, c_y), the second moments v_xy and v_yy about it, and the
/// slant a = v_xy / v_yy. The pixel of the result at (u, v) from the centre is the value of the
/// picture at
///
/// y = v + c_y,  x = u + c_x + a v,
///
/// by bilinear interpolation, and 0 outside of the picture. A blank picture stays as it is.
pub(crate) fn deskew(picture: &[f32]) -> [f32; PIXELS] {
    let position = |i: usize| ((i % SIZE[1]) as f64, (i / SIZE[1]) as f64);
    let moment = |f: &dyn Fn(f64, f64) -> f64| -> f64 {
        let terms = picture.iter().enumerate().map(|(i, &ink)| {
            let (x, y) = position(i);
            f64::from(ink) * f(x, y)
        });
        terms.sum()
    };
    let mass = moment(&|_, _| 1.0);
    if mass == 0.0 {
        return std::array::from_fn(|i| picture[i]);
    }
    let (cx, cy) = (moment(&|x, _| x) / mass, moment(&|_, y| y) / mass);
    let vyy = moment(&|_, y| (y - cy) * (y - cy));
    let slant = if vyy > 0.0 { moment(&|x, y| (x - cx) * (y - cy)) / vyy } else { 0.0 };
    std::array::from_fn(|i| {
        let (x, y) = position(i);
        let (u, v) = (x - MIDDLE, y - MIDDLE);
        bilinear(picture, v + cy, u + cx + slant * v)
    })
}

/// The value of the picture at (x, y) by bilinear interpolation; pixels outside are 0.
fn bilinear(picture: &[f32], y: f64, x: f64) -> f32 {
    let (top, left) = (y.floor(), x.floor());
    let shares = [(y - top) as f32, (x - left) as f32];
    let at = |y: f64, x: f64| {
        let inside = y >= 0.0 && x >= 0.0 && y < SIZE[0] as f64 && x < SIZE[1] as f64;
        if inside { picture[y as usize * SIZE[1] + x as usize] } else { 0.0 }
    };
    let across = |y: f64| at(y, left) * (1.0 - shares[1]) + at(y, left + 1.0) * shares[1];
    across(top) * (1.0 - shares[0]) + across(top + 1.0) * shares[0]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A smooth bar through (x, 12) that is slanted by `slant` pixels across for each pixel down.
    fn bar(x: f64, slant: f64) -> Vec<f32> {
        let ink = |i: usize| {
            let (column, row) = ((i % 28) as f64, (i / 28) as f64);
            let off = column - x - slant * (row - 12.0);
            if (4.0..=20.0).contains(&row) { libm::exp(-off * off / 4.0) as f32 } else { 0.0 }
        };
        (0..PIXELS).map(ink).collect()
    }

    fn distance(a: &[f32], b: &[f32]) -> f32 {
        a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
    }

    #[test]
    fn a_slanted_bar_becomes_upright_and_centred() {
        let upright = deskew(&bar(14.0, 0.0));
        for slant in [-0.4, -0.2, 0.3] {
            let straightened = deskew(&bar(15.0, slant));
            assert!(distance(&straightened, &upright) < 0.12, "{slant}");
            assert!(distance(&bar(14.0, slant), &upright) > 0.5);
        }
    }

    #[test]
    fn deskewing_twice_changes_little() {
        let once = deskew(&bar(11.0, 0.35));
        assert!(distance(&deskew(&once), &once) < 0.08);
    }

    #[test]
    fn a_blank_picture_stays_blank() {
        assert_eq!(deskew(&[0.0; PIXELS]), [0.0; PIXELS]);
    }
}
