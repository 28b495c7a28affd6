//! Blending the pictures of a group: mixup and CutMix.

use std::ops::Range;

use super::picture::clipped_box;
use crate::random::Stream;
use crate::tensor::Tensor;

/// How the pictures of a group are blended with one another. Their targets are blended with the
/// same shares.
///
/// A share λ is drawn for the whole group from Beta(alpha, alpha). A random permutation p of the
/// group assigns the partner p(i) to picture i.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mix {
    /// x_i ← λ x_i + (1 - λ) x_p(i) (Zhang et al. 2018, "mixup: Beyond empirical risk
    /// minimization").
    Mixup {
        /// The parameter of the Beta distribution, from 1e-9 (λ is almost always 0 or 1) to 1e9 (λ
        /// is almost always 1/2).
        alpha: f64,
    },
    /// A box of x_i is replaced by the same box of x_p(i). The box has the picture's proportions
    /// and 1 - λ of its area. Its centre is uniform over the pixels; the part outside the picture
    /// is ignored, and λ then becomes the share of pixels that x_i keeps (Yun et al. 2019,
    /// "CutMix").
    CutMix {
        /// As for mixup.
        alpha: f64,
    },
}

impl Mix {
    /// Blends pictures `[group, height, width, channels]` and targets `[group, classes]` in place.
    /// Returns λ, the share of itself that each picture keeps.
    ///
    /// # Panics
    /// Unless the shapes are these.
    #[track_caller]
    pub fn apply(self, pictures: &mut Tensor, targets: &mut Tensor, stream: &mut Stream) -> f64 {
        let (&[group, height, width, _], &[targets_group, _]) = (pictures.shape(), targets.shape()) else {
            panic!("mix: {:?} and {:?} are not pictures and targets", pictures.shape(), targets.shape())
        };
        assert!(group == targets_group, "mix: {targets_group} targets for {group} pictures");
        let (Self::Mixup { alpha } | Self::CutMix { alpha }) = self;
        let mut lambda = stream.beta(alpha);
        let partners = stream.permutation(group);
        match self {
            Self::Mixup { .. } => blend(pictures, &partners, lambda),
            Self::CutMix { .. } => {
                let size = [height, width];
                let extent = size.map(|length| (length as f64 * (1.0 - lambda).sqrt()).round() as usize);
                let area = clipped_box(size.map(|length| stream.below(length)), extent, size);
                let (cut, all) = (area[0].len() * area[1].len(), height * width);
                lambda = (all - cut) as f64 / all as f64;
                paste(pictures, &partners, area);
            }
        }
        blend(targets, &partners, lambda);
        lambda
    }
}

/// v_i ← λ v_i + (1 - λ) v_p(i), for each member of the group.
fn blend(values: &mut Tensor, partners: &[usize], lambda: f64) {
    let before = values.clone();
    let length = (values.len() / partners.len().max(1)).max(1);
    let (own, other) = (lambda as f32, (1.0 - lambda) as f32);
    for (mine, &partner) in values.as_mut_slice().chunks_exact_mut(length).zip(partners) {
        let theirs = &before.as_slice()[partner * length..];
        mine.iter_mut().zip(theirs).for_each(|(v, w)| *v = own * *v + other * w);
    }
}

/// Replaces the pixels in the given rows and columns by those of the partners.
fn paste(pictures: &mut Tensor, partners: &[usize], [rows, columns]: [Range<usize>; 2]) {
    let before = pictures.clone();
    let &[_, height, width, channels] = before.shape() else { unreachable!("pictures have four axes") };
    for (i, &partner) in partners.iter().enumerate() {
        for y in rows.clone() {
            let at = |example: usize, x: usize| ((example * height + y) * width + x) * channels;
            let theirs = &before.as_slice()[at(partner, columns.start)..at(partner, columns.end)];
            pictures.as_mut_slice()[at(i, columns.start)..at(i, columns.end)].copy_from_slice(theirs);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Purpose;

    const GROUP: usize = 6;
    const SHAPE: [usize; 4] = [GROUP, 8, 10, 3];

    /// All pixels of picture i have the value i, and its target is class i.
    fn group() -> (Tensor, Tensor) {
        let ones = |i: usize, n: usize| if i / n == i % n { 1.0 } else { 0.0 };
        let mut values = (0..).map(|i| (i / 240) as f32);
        let mut targets = (0..).map(|i| ones(i, GROUP));
        let pictures = Tensor::from_fn(&SHAPE, || values.next().unwrap());
        (pictures, Tensor::from_fn(&[GROUP, GROUP], || targets.next().unwrap()))
    }

    fn mixed(mix: Mix, seed: u64) -> (Tensor, Tensor, f64) {
        let (mut pictures, mut targets) = group();
        let lambda = mix.apply(&mut pictures, &mut targets, &mut Stream::new(seed, Purpose::Mix));
        (pictures, targets, lambda)
    }

    #[test]
    fn targets_stay_distributions_and_mixing_is_reproducible() {
        for mix in [Mix::Mixup { alpha: 0.4 }, Mix::CutMix { alpha: 1.0 }] {
            for seed in 0..50 {
                let (pictures, targets, lambda) = mixed(mix, seed);
                assert!((0.0..=1.0).contains(&lambda));
                for row in targets.as_slice().chunks_exact(GROUP) {
                    assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-6);
                    assert!(row.iter().all(|t| (0.0..=1.0).contains(t)));
                }
                // Every picture is the partner of exactly one, so the total of each class is
                // unchanged.
                for k in 0..GROUP {
                    let total: f32 = targets.as_slice().iter().skip(k).step_by(GROUP).sum();
                    assert!((total - 1.0).abs() < 1e-6);
                }
                let again = mixed(mix, seed);
                assert!(again.0.as_slice() == pictures.as_slice() && again.2 == lambda);
            }
            assert_ne!(mixed(mix, 0).0.as_slice(), mixed(mix, 1).0.as_slice());
        }
    }

    #[test]
    fn mixup_blends_pixels_with_the_shares_of_the_targets() {
        for seed in 0..50 {
            let (pictures, targets, _) = mixed(Mix::Mixup { alpha: 1.0 }, seed);
            let targets = targets.as_slice().chunks_exact(GROUP);
            for (picture, target) in pictures.as_slice().chunks_exact(240).zip(targets) {
                let expected: f32 = target.iter().enumerate().map(|(k, t)| k as f32 * t).sum();
                assert!(picture.iter().all(|x| (x - expected).abs() < 1e-5));
            }
        }
    }

    #[test]
    fn a_share_of_one_keeps_the_picture_and_zero_takes_the_partner() {
        let (before, _) = group();
        let partners = [3, 0, 1, 5, 4, 2];
        let mut pictures = before.clone();
        blend(&mut pictures, &partners, 1.0);
        assert_eq!(pictures.as_slice(), before.as_slice());
        paste(&mut pictures, &partners, [3..3, 0..10]);
        assert_eq!(pictures.as_slice(), before.as_slice());
        let mut pasted = before.clone();
        blend(&mut pictures, &partners, 0.0);
        paste(&mut pasted, &partners, [0..8, 0..10]);
        assert_eq!(pictures.as_slice(), pasted.as_slice());
        assert!((0..GROUP).all(|i| pasted.as_slice()[i * 240] == partners[i] as f32));
    }

    #[test]
    fn cutmix_returns_the_share_of_pixels_that_it_keeps() {
        let mut shares = Vec::new();
        for seed in 0..200 {
            let (pictures, targets, lambda) = mixed(Mix::CutMix { alpha: 1.0 }, seed);
            shares.push(lambda);
            for (i, picture) in pictures.as_slice().chunks_exact(240).enumerate() {
                let kept = picture.iter().filter(|&&x| x == i as f32).count();
                let target = targets.as_slice()[i * GROUP + i];
                // A picture that is its own partner keeps all pixels.
                assert!(kept == 240 && (target - 1.0).abs() < 1e-6 || kept as f64 / 240.0 == lambda);
                assert!(kept == 240 || target == lambda as f32);
            }
        }
        // Boxes are cut off at the border, so more than half is kept.
        let mean = shares.iter().sum::<f64>() / 200.0;
        assert!((0.5..0.75).contains(&mean), "{mean}");
    }

    #[test]
    #[should_panic(expected = "mix: 2 targets for 6 pictures")]
    fn targets_of_another_group_are_refused() {
        let stream = &mut Stream::new(0, Purpose::Mix);
        Mix::Mixup { alpha: 1.0 }.apply(&mut group().0, &mut Tensor::zeros(&[2, GROUP]), stream);
    }
}
