#!/usr/bin/env bash
# The orientation of a PNG photograph is lost if its EXIF data come after the pixels.
#
# A PNG may hold its eXIf chunk before or after the pixels (IDAT): the PNG specification allows both. Of
# a file with orientation 6 (turned by 90 degrees) behind the pixels, Pillow 12.0.0 reads the
# orientation. image 0.25.10 (Rust) reads it only if the chunk comes first; else
# `ImageDecoder::orientation` answers NoTransforms without an error, and the picture lies on its side.
#
# Seen with image 0.25.10, Pillow 12.0.0: "before: Pillow 6, image Rotate90; behind: Pillow 6, image NoTransforms".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet pillow==12.0.0
cat > "$folder/write.py" <<'PYTHON'
import struct, sys, zlib
from PIL import Image

def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

header = chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 1, 8, 0, 0, 0, 0))
pixels = chunk(b"IDAT", zlib.compress(b"\0\x20\xe0"))
# A big-endian TIFF header and one entry: tag 0x112 (orientation), a short, 6.
exif = chunk(b"eXIf", b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x112, 3, 1, 6, 0, 0))
for name, middle in (("before", exif + pixels), ("behind", pixels + exif)):
    path = f"{sys.argv[1]}/{name}.png"
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + header + middle + chunk(b"IEND", b""))
    with Image.open(path) as picture:
        picture.load()
        print(picture.getexif().get(0x112))
PYTHON
pillow=$("$folder/python/bin/python" "$folder/write.py" "$folder" | paste -sd' ')
mkdir "$folder/src"
cat > "$folder/Cargo.toml" <<'TOML'
[package]
name = "orientation"
version = "0.0.0"
edition = "2021"

[dependencies]
image = { version = "=0.25.10", default-features = false, features = ["png"] }
TOML
cat > "$folder/src/main.rs" <<'RUST'
use image::{ImageDecoder, ImageReader};

fn main() {
    for path in std::env::args().skip(1) {
        let mut decoder = ImageReader::open(path).unwrap().into_decoder().unwrap();
        println!("{:?}", decoder.orientation().unwrap());
    }
}
RUST
image=$(cargo run --quiet --manifest-path "$folder/Cargo.toml" --target-dir "$folder/target" -- "$folder/before.png" "$folder/behind.png" | paste -sd' ')
read -r pillow_before pillow_behind <<< "$pillow"
read -r image_before image_behind <<< "$image"
echo "before: Pillow $pillow_before, image $image_before; behind: Pillow $pillow_behind, image $image_behind"
[ "$pillow" = "6 6" ] && [ "$image" = "Rotate90 NoTransforms" ]
