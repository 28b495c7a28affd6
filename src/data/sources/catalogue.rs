//! The catalogue of data sets.

use super::Download::{Archive, File};
use super::{KnownFile, Source};

/// A file of known length and checksum.
const fn known(name: &'static str, bytes: u64, sha256: &'static str) -> KnownFile {
    KnownFile { name, bytes: Some(bytes), sha256: Some(sha256) }
}

/// A file whose length and checksum nobody has published.
const fn unknown(name: &'static str) -> KnownFile {
    KnownFile { name, bytes: None, sha256: None }
}

/// All data sets, in the order of the assignments.
pub static ALL: [&Source; 6] = [&MNIST, &FASHION_MNIST, &CIFAR10, &CIFAR100, &AG_NEWS, &MINILM];

/// MNIST.
pub static MNIST: Source = Source {
    name: "mnist",
    title: "MNIST: 60,000 + 10,000 handwritten digits, 28 x 28 grey",
    folder: "mnist",
    licence: "CC BY-SA 3.0",
    citation: "Yann LeCun, Corinna Cortes, Christopher J.C. Burges: The MNIST database of handwritten digits",
    // The authors' own page no longer serves the files.
    addresses: &[
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ],
    downloads: &[
        File(known(
            "train-images-idx3-ubyte.gz",
            9_912_422,
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        )),
        File(known(
            "train-labels-idx1-ubyte.gz",
            28_881,
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        )),
        File(known(
            "t10k-images-idx3-ubyte.gz",
            1_648_877,
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        )),
        File(known(
            "t10k-labels-idx1-ubyte.gz",
            4_542,
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        )),
    ],
};

/// Fashion-MNIST, whose files have the same names as MNIST's.
pub static FASHION_MNIST: Source = Source {
    name: "fashion-mnist",
    title: "Fashion-MNIST: 60,000 + 10,000 articles of clothing, 28 x 28 grey",
    folder: "fashion-mnist",
    licence: "MIT",
    citation: "Han Xiao, Kashif Rasul, Roland Vollgraf: Fashion-MNIST, arXiv:1708.07747",
    addresses: &[
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        // This server has no HTTPS; the checksum ensures the right contents.
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    ],
    downloads: &[
        File(known(
            "train-images-idx3-ubyte.gz",
            26_421_880,
            "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
        )),
        File(known(
            "train-labels-idx1-ubyte.gz",
            29_515,
            "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
        )),
        File(known(
            "t10k-images-idx3-ubyte.gz",
            4_422_102,
            "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
        )),
        File(known(
            "t10k-labels-idx1-ubyte.gz",
            5_148,
            "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
        )),
    ],
};

/// CIFAR-10, the binary version.
pub static CIFAR10: Source = Source {
    name: "cifar10",
    title: "CIFAR-10, binary version: 50,000 + 10,000 photographs, 32 x 32 colour, 10 classes",
    folder: "cifar-10-batches-bin",
    licence: "none stated; cite the source",
    citation: "Alex Krizhevsky: Learning Multiple Layers of Features from Tiny Images, 2009",
    addresses: &["https://www.cs.toronto.edu/~kriz/"],
    downloads: &[Archive {
        archive: known(
            "cifar-10-binary.tar.gz",
            170_052_171,
            "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        ),
        members: &[
            known(
                "data_batch_1.bin",
                30_730_000,
                "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
            ),
            known(
                "data_batch_2.bin",
                30_730_000,
                "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
            ),
            known(
                "data_batch_3.bin",
                30_730_000,
                "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
            ),
            known(
                "data_batch_4.bin",
                30_730_000,
                "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
            ),
            known(
                "data_batch_5.bin",
                30_730_000,
                "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
            ),
            known(
                "test_batch.bin",
                30_730_000,
                "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
            ),
            unknown("batches.meta.txt"),
        ],
    }],
};

/// CIFAR-100, the binary version.
pub static CIFAR100: Source = Source {
    name: "cifar100",
    title: "CIFAR-100, binary version: 50,000 + 10,000 photographs, 32 x 32 colour, 100 classes",
    folder: "cifar-100-binary",
    licence: "none stated; cite the source",
    citation: "Alex Krizhevsky: Learning Multiple Layers of Features from Tiny Images, 2009",
    addresses: &["https://www.cs.toronto.edu/~kriz/"],
    downloads: &[Archive {
        archive: known(
            "cifar-100-binary.tar.gz",
            168_513_733,
            "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
        ),
        members: &[
            known(
                "train.bin",
                153_700_000,
                "f31298fc616915fa142368359df1c4ca2ae984d6915ca468b998a5ec6aeebf29",
            ),
            known("test.bin", 30_740_000, "d8b1e6b7b3bee4020055f0699b111f60b1af1e262aeb93a0b659061746f8224a"),
            unknown("coarse_label_names.txt"),
            unknown("fine_label_names.txt"),
        ],
    }],
};

/// AG News.
pub static AG_NEWS: Source = Source {
    name: "ag-news",
    title: "AG News: 120,000 + 7,600 news items, 4 classes",
    folder: "ag_news",
    licence: "non-commercial use",
    citation: "Antonio Gulli: AG's corpus of news articles; Xiang Zhang, Junbo Zhao, Yann LeCun: \
               Character-level Convolutional Networks for Text Classification, 2015",
    addresses: &["https://raw.githubusercontent.com/mhjabreel/CharCnn_Keras/master/data/ag_news_csv/"],
    downloads: &[
        File(known(
            "train.csv",
            29_470_338,
            "76a0a2d2f92b286371fe4d4044640910a04a803fdd2538e0f3f29a5c6f6b672e",
        )),
        File(known(
            "test.csv",
            1_857_427,
            "521465c2428ed7f02f8d6db6ffdd4b5447c1c701962353eb2c40d548c3c85699",
        )),
    ],
};

/// The sentence encoder all-MiniLM-L6-v2.
pub static MINILM: Source = Source {
    name: "minilm",
    title: "all-MiniLM-L6-v2: a sentence encoder of 22.7 million parameters",
    folder: "all-MiniLM-L6-v2",
    licence: "Apache-2.0",
    citation: "sentence-transformers/all-MiniLM-L6-v2; Nils Reimers, Iryna Gurevych: Sentence-BERT, 2019",
    addresses: &["https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2/resolve/main/"],
    downloads: &[
        File(known(
            "model.safetensors",
            90_868_376,
            "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        )),
        File(known(
            "tokenizer.json",
            466_247,
            "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
        )),
        File(known("config.json", 612, "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41")),
    ],
};
