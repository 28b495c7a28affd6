use super::*;

const SIZE: [usize; 2] = [6, 8];
const CHANNELS: usize = 3;
const LENGTH: usize = 6 * 8 * CHANNELS;

/// Distinct values in (0, 1), in no order.
fn colors() -> Vec<f32> {
    (0..LENGTH).map(|i| (1 + i * 83 % 149) as f32 / 150.0).collect()
}

/// The picture after `change`.
fn after(change: impl FnOnce(&mut Picture<'_>)) -> Vec<f32> {
    let mut pixels = colors();
    change(&mut Picture::new(&mut pixels, SIZE, CHANNELS));
    pixels
}

fn flipped() -> Vec<f32> {
    let mut pixels = colors();
    Picture::new(&mut pixels, SIZE, CHANNELS).flip();
    pixels
}

fn augmented(steps: &[Step], view: View) -> Vec<f32> {
    after(|picture| picture.augment(steps, view))
}

fn view(epoch: u64, example: u64) -> View {
    View { seed: 1, epoch, example }
}

fn pixel(picture: &[f32], y: usize, x: usize) -> &[f32] {
    &picture[(y * SIZE[1] + x) * CHANNELS..][..CHANNELS]
}

fn positions() -> impl Iterator<Item = (usize, usize)> {
    (0..SIZE[0]).flat_map(|y| (0..SIZE[1]).map(move |x| (y, x)))
}

const TRANSLATE: Step = Step::Translate { pixels: 2, border: Border::Reflect };
const CUTOUT: Step = Step::Cutout { side: 3 };
const JITTER: Step = Step::Jitter { brightness: 0.4, contrast: 0.4, saturation: 0.4 };

#[test]
fn a_flip_mirrors_columns_and_two_flips_cancel() {
    let (before, flipped) = (colors(), flipped());
    assert!(positions().all(|(y, x)| pixel(&flipped, y, x) == pixel(&before, y, 7 - x)));
    let twice = after(|picture| {
        picture.flip();
        picture.flip();
    });
    assert_eq!(twice, before);
}

#[test]
fn alternating_flips_show_both_orientations_in_any_two_epochs() {
    let is_flipped = |flip, epoch, example| {
        let picture = augmented(&[Step::Flip(flip)], view(epoch, example));
        assert!(picture == colors() || picture == flipped());
        picture != colors()
    };
    for example in 0..100 {
        for epoch in 0..6 {
            let two = [0, 1].map(|i| is_flipped(Flip::Alternating, epoch + i, example));
            assert_ne!(two[0], two[1]);
        }
    }
    for flip in [Flip::Alternating, Flip::Random] {
        let count = (0..2000).filter(|&example| is_flipped(flip, 0, example)).count();
        assert!((900..1100).contains(&count), "{count}");
    }
    let changes =
        (0..2000).filter(|&i| is_flipped(Flip::Random, 0, i) != is_flipped(Flip::Random, 1, i)).count();
    assert!((900..1100).contains(&changes), "{changes}");
}

#[test]
fn a_translation_moves_the_inside_and_reflects_the_border() {
    let before = colors();
    let clip = |i: isize, n: usize| usize::try_from(i).ok().filter(|i| *i < n);
    // Reflects at the first and the last pixel, repeatedly if necessary.
    let mirror = |mut i: isize, n: usize| loop {
        let last = n as isize - 1;
        i = if i < 0 {
            -i
        } else if i > last {
            2 * last - i
        } else {
            return i as usize;
        };
    };
    for (down, across) in (-13..14).flat_map(|down| (-19..20).map(move |across| (down, across))) {
        let [reflected, zero] = [Border::Reflect, Border::Zero]
            .map(|border| after(|picture| picture.translate([down, across], border)));
        for (y, x) in positions() {
            let from = (y as isize - down, x as isize - across);
            let expected = pixel(&before, mirror(from.0, SIZE[0]), mirror(from.1, SIZE[1]));
            assert_eq!(pixel(&reflected, y, x), expected);
            let expected = clip(from.0, SIZE[0]).zip(clip(from.1, SIZE[1]));
            assert_eq!(pixel(&zero, y, x), expected.map_or(&[0.0; 3][..], |(y, x)| pixel(&before, y, x)));
        }
    }
    let one = &mut [0.5];
    Picture::new(one, [1, 1], 1).translate([3, -2], Border::Reflect);
    assert_eq!(one, &[0.5]);
}

#[test]
fn exactly_the_shifts_within_the_bound_are_drawn() {
    let mut seen = [0; 25];
    for example in 0..2500 {
        let picture = augmented(&[TRANSLATE], view(0, example));
        let shifts = (0..25_usize).filter(|&i| {
            let shift = [(i / 5) as isize - 2, (i % 5) as isize - 2];
            picture == after(|picture| picture.translate(shift, Border::Reflect))
        });
        let shifts: Vec<usize> = shifts.collect();
        assert_eq!(shifts.len(), 1);
        seen[shifts[0]] += 1;
    }
    assert!(seen.iter().all(|count| (60..145).contains(count)), "{seen:?}");
    let still = Step::Translate { pixels: 0, border: Border::Zero };
    assert_eq!(augmented(&[still], view(3, 4)), colors());
}

#[test]
fn cutout_zeroes_the_square_inside_the_picture_and_nothing_else() {
    let before = colors();
    for ((y, x), side) in positions().flat_map(|position| (0..20).map(move |side| (position, side))) {
        let picture = after(|picture| picture.cut_out([y, x], side));
        let inside = |i: usize, centre: usize| {
            let start = centre as isize - side as isize / 2;
            (start..start + side as isize).contains(&(i as isize))
        };
        for (i, j) in positions() {
            let zero = inside(i, y) && inside(j, x);
            let expected = if zero { &[0.0; 3] } else { pixel(&before, i, j) };
            assert_eq!(pixel(&picture, i, j), expected);
        }
    }
    let mut centres = 0;
    for example in 0..200 {
        let zeros = augmented(&[CUTOUT], view(0, example)).iter().filter(|x| **x == 0.0).count();
        assert!((4 * CHANNELS..=9 * CHANNELS).contains(&zeros), "at least a quarter of the square");
        centres += usize::from(zeros == 9 * CHANNELS);
    }
    // For 4 x 6 of the 6 x 8 centres the whole square is inside.
    assert!((75..125).contains(&centres), "{centres}");
}

fn mean(values: impl Iterator<Item = f32> + Clone) -> f32 {
    values.clone().sum::<f32>() / values.count() as f32
}

fn lumas(picture: &[f32]) -> impl Iterator<Item = f32> + Clone {
    picture.chunks_exact(3).map(|p| 0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2])
}

#[test]
fn brightness_multiplies_and_is_clamped_at_one() {
    let before = colors();
    let dim = after(|picture| picture.adjust_brightness(0.5));
    assert!((mean(dim.iter().copied()) - 0.5 * mean(before.iter().copied())).abs() < 1e-6);
    let bright = after(|picture| picture.adjust_brightness(1.5));
    assert!(bright.iter().zip(&before).all(|(a, b)| (a - (1.5 * b).min(1.0)).abs() < 1e-6));
    assert_eq!(after(|picture| picture.adjust_brightness(0.0)), vec![0.0; LENGTH]);
}

#[test]
fn contrast_keeps_the_mean_luma_and_scales_deviations_from_it() {
    let before = colors();
    let m = mean(lumas(&before));
    for factor in [0.0, 0.25, 0.9] {
        let picture = after(|picture| picture.adjust_contrast(factor));
        assert!((mean(lumas(&picture)) - m).abs() < 1e-6);
        let scaled = |(a, b): (&f32, &f32)| ((a - m) - factor as f32 * (b - m)).abs() < 1e-6;
        assert!(picture.iter().zip(&before).all(scaled));
    }
    let strong = after(|picture| picture.adjust_contrast(3.0));
    assert!(strong.iter().all(|x| (0.0..=1.0).contains(x)) && strong.contains(&1.0));
}

#[test]
fn saturation_keeps_the_lumas_and_zero_is_grey() {
    let before = colors();
    for factor in [0.0, 0.3, 0.8] {
        let picture = after(|picture| picture.adjust_saturation(factor));
        assert!(lumas(&picture).zip(lumas(&before)).all(|(a, b)| (a - b).abs() < 1e-6));
    }
    let grey = after(|picture| picture.adjust_saturation(0.0));
    assert!(grey.chunks_exact(3).zip(lumas(&before)).all(|(p, y)| p.iter().all(|x| (x - y).abs() < 1e-6)));
}

#[test]
fn zero_jitter_changes_nothing_and_factors_stay_within_bounds() {
    let nothing = Step::Jitter { brightness: 0.0, contrast: 0.0, saturation: 0.0 };
    assert_eq!(augmented(&[nothing], view(1, 2)), colors());
    let brightness = Step::Jitter { brightness: 0.2, contrast: 0.0, saturation: 0.0 };
    // The first value is so dark that it is never clamped.
    let factors = (0..300).map(|example| augmented(&[brightness], view(0, example))[0] / colors()[0]);
    let factors: Vec<f32> = factors.collect();
    assert!(factors.iter().all(|f| (0.7999..1.2001).contains(f)));
    assert!((mean(factors.iter().copied()) - 1.0).abs() < 0.03);
    assert!(factors.iter().any(|f| *f < 0.82) && factors.iter().any(|f| *f > 1.18));
}

#[test]
fn a_view_is_a_function_of_seed_epoch_and_example() {
    let steps = [Step::Flip(Flip::Random), TRANSLATE, CUTOUT, JITTER];
    let first = augmented(&steps, view(2, 3));
    assert_eq!(first, augmented(&steps, view(2, 3)));
    for other in [view(3, 3), view(2, 4), View { seed: 2, ..view(2, 3) }] {
        assert_ne!(first, augmented(&steps, other));
    }
}

#[test]
fn the_draws_of_a_step_do_not_depend_on_other_steps() {
    for example in 0..20 {
        let view = view(0, example);
        // Applying the steps in separate calls gives the same picture.
        let steps = [JITTER, TRANSLATE, CUTOUT, Step::Flip(Flip::Alternating)];
        let apart = after(|picture| steps.iter().for_each(|step| picture.augment(&[*step], view)));
        assert_eq!(augmented(&steps, view), apart);
        let fewer = after(|picture| [JITTER, CUTOUT].iter().for_each(|s| picture.augment(&[*s], view)));
        assert_eq!(augmented(&[JITTER, CUTOUT], view), fewer);
    }
    // Two steps of the same kind draw different numbers.
    let zeros = |steps: &[Step], example: u64| {
        augmented(steps, view(0, example)).iter().filter(|x| **x == 0.0).count()
    };
    assert!((0..20).any(|example| zeros(&[CUTOUT, CUTOUT], example) > zeros(&[CUTOUT], example)));
}

#[test]
#[should_panic(expected = "12 values are not a picture [2, 2, 1]")]
fn a_picture_of_the_wrong_length_is_refused() {
    Picture::new(&mut [0.0; 12], [2, 2], 1);
}

#[test]
#[should_panic(expected = "a picture of 1 channels is not red, green and blue")]
fn grey_pictures_have_no_saturation() {
    Picture::new(&mut [0.0; 12], [3, 4], 1).adjust_saturation(0.5);
}
