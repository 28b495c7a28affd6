//! Brightness, contrast and saturation, as torchvision defines them.

use super::Picture;

/// The luma Y = 0.299 R + 0.587 G + 0.114 B of Rec. ITU-R BT.601.
fn luma(pixel: &[f32]) -> f32 {
    0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2]
}

/// f x + (1 - f) y, clamped to [0, 1].
fn blend(factor: f32, x: f32, y: f32) -> f32 {
    (factor * x + (1.0 - factor) * y).clamp(0.0, 1.0)
}

/// Adjustments of colours. With the factor 1 each leaves the picture unchanged.
impl Picture<'_> {
    /// x ← f x, clamped to [0, 1]. The factor 0 gives black.
    pub fn adjust_brightness(&mut self, factor: f64) {
        if factor != 1.0 {
            self.pixels.iter_mut().for_each(|x| *x = blend(factor as f32, *x, 0.0));
        }
    }

    /// x ← f x + (1 - f) m, clamped to [0, 1], where m is the mean luma of the picture. The factor
    /// 0 gives a uniform grey.
    ///
    /// # Panics
    /// Unless the channels are red, green and blue.
    pub fn adjust_contrast(&mut self, factor: f64) {
        self.check_color();
        if factor != 1.0 {
            let lumas = self.pixels.chunks_exact(3).map(|pixel| f64::from(luma(pixel)));
            let mean = lumas.sum::<f64>() / (self.pixels.len() / 3) as f64;
            self.pixels.iter_mut().for_each(|x| *x = blend(factor as f32, *x, mean as f32));
        }
    }

    /// x ← f x + (1 - f) Y, clamped to [0, 1], where Y is the luma of the pixel. The factor 0 gives
    /// a grey picture.
    ///
    /// # Panics
    /// Unless the channels are red, green and blue.
    pub fn adjust_saturation(&mut self, factor: f64) {
        self.check_color();
        if factor != 1.0 {
            for pixel in self.pixels.chunks_exact_mut(3) {
                let grey = luma(pixel);
                pixel.iter_mut().for_each(|x| *x = blend(factor as f32, *x, grey));
            }
        }
    }

    fn check_color(&self) {
        assert!(self.channels == 3, "a picture of {} channels is not red, green and blue", self.channels);
    }
}
