#!/usr/bin/env bash
# half::f16::from_f64 does not round to the nearest half-precision number.
#
# Between 1 and 1 + 2^-10, the next f16, lies the midpoint 1 + 2^-11. A number above the midpoint must
# round up. half 2.7.1 rounds 1 + 2^-11 + 2^-40 down to 1: the lower bits of the f64 are lost before
# the tie is broken (by way of f32 where the processor converts, by cutting off 32 bits elsewhere and in
# from_f64_const). bf16::from_f64 does the same. NumPy rounds once and gives 1 + 2^-10. So f64 weights
# that are saved as f16 by the two differ in their last bit, though seldom: only next to midpoints.
#
# Seen with half 2.7.1 on x86-64 with F16C, and numpy 2.4.6: "half 1 1 1, numpy 1.0009765625".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/src"
cat > "$folder/Cargo.toml" <<'TOML'
[package]
name = "rounding"
version = "0.0.0"
edition = "2021"

[dependencies]
half = "=2.7.1"
TOML
cat > "$folder/src/main.rs" <<'RUST'
use half::{bf16, f16};

fn main() {
    let above = |midpoint: i32| 1.0 + 2f64.powi(midpoint) + 2f64.powi(-40);
    let (by_processor, by_software) = (f16::from_f64(above(-11)), f16::from_f64_const(above(-11)));
    println!("{by_processor} {by_software} {}", bf16::from_f64(above(-8)));
}
RUST
half=$(cargo run --quiet --manifest-path "$folder/Cargo.toml" --target-dir "$folder/target")
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet numpy==2.4.6
numpy=$("$folder/python/bin/python" -c 'import numpy; print(float(numpy.float16(numpy.float64(1 + 2**-11 + 2**-40))))')
echo "half $half, numpy $numpy"
[ "$half" = "1 1 1" ] && [ "$numpy" = "1.0009765625" ]
