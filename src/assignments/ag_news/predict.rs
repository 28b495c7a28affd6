//! The action `ag-news predict`, which classifies the user's texts and explains the answers by
//! their words.

use std::collections::HashMap;
use std::io::IsTerminal as _;
use std::ops::Range;
use std::path::PathBuf;

use clap::Args;

use super::problem::{EncoderArgs, encoder};
use super::{AgNews, Batch, Encoder, Inputs, ModelKind, TextClassifier};
use crate::autodiff::{Algebra as _, Tape};
use crate::console::print_line;
use crate::data::NewsItems;
use crate::data::ag_news::words;
use crate::experiment::{Error, committed, load};
use crate::metrics::ranked;
use crate::nn::{Embedding, ParameterPath, Parameters as _, Pass};
use crate::tensor::Tensor;
use crate::text::SentenceEncoder;

const WEIGHTS: &str = "assignments/5-ag-news/weights/embeddings.safetensors";

/// Options of `ag-news predict`.
#[derive(Args, Clone, Debug)]
pub struct PredictArgs {
    /// Texts, one for each argument
    #[arg(required = true, value_name = "TEXT")]
    pub texts: Vec<String>,
    /// Weights of a trained classifier [default: the committed
    /// assignments/5-ag-news/weights/embeddings.safetensors]
    #[arg(long, value_name = "FILE")]
    pub weights: Option<PathBuf>,
    /// Where the encoder is, for weights that need it.
    #[command(flatten)]
    pub encoder: EncoderArgs,
}

/// The length of the longest bar in the terminal, in characters.
const BAR: usize = 24;

/// Prints the probability of each class for each text, and the contribution of each word to the
/// most probable class compared with the second one.
///
/// # Errors
/// If the weights or the encoder cannot be loaded, or a text has no words.
pub fn predict(args: &PredictArgs) -> Result<(), Error> {
    let weights = committed::weights(args.weights.as_ref(), WEIGHTS)?;
    let (config, model): (AgNews, _) = load(&weights)?;
    let data = args.encoder.folder();
    let encoder = config.model.is_pretrained().then(|| encoder(&data)).transpose()?;
    let model = model.merged(encoder.as_ref());
    for (i, text) in args.texts.iter().enumerate() {
        if words(text).is_empty() {
            return Err(Error::Usage(format!("text {} has no words", i + 1)));
        }
        if i > 0 {
            print_line("");
        }
        print_line(text);
        let inputs = Inputs::new(&config, std::slice::from_ref(text), encoder.as_ref(), ("text", &data))?;
        for line in describe(&config, &model, encoder.as_ref(), (text, &inputs))? {
            print_line(&line);
        }
    }
    Ok(())
}

/// Lines with the probabilities of a text's classes and the contributions of its words.
///
/// # Errors
/// If a value is not finite, or the text cannot be tokenised.
fn describe(
    config: &AgNews,
    model: &TextClassifier,
    encoder: Option<&SentenceEncoder>,
    (text, inputs): (&str, &Inputs),
) -> Result<Vec<String>, Error> {
    let logits = inputs.with(&[0], |texts| model.logits(texts, &mut Pass::inference()));
    let p = logits.softmax(1).as_slice().to_vec();
    let order = ranked(&p)?;
    let mut lines = Vec::new();
    for &class in &order {
        let bar = bar(f64::from(p[class]), 1.0);
        lines.push(format!("  {:<9} {:.4} {bar}", NewsItems::CLASSES[class], p[class]));
    }
    let contributions = contributions(config, model, encoder, text, [order[0], order[1]])?;
    if contributions.is_empty() {
        return Ok(lines);
    }
    if let Some((word, value)) = contributions.iter().find(|(_, value)| !value.is_finite()) {
        return Err(Error::Check(format!(
            "the contribution of {word:?} is {value}, which is not a finite number: use other weights"
        )));
    }
    lines.push(format!(
        "Contributions of words to logit({}) − logit({}):",
        NewsItems::CLASSES[order[0]],
        NewsItems::CLASSES[order[1]]
    ));
    let largest = contributions.iter().map(|(_, value)| value.abs()).fold(0.0, f64::max);
    let widest = contributions.iter().map(|(word, _)| word.chars().count()).max().unwrap_or(0);
    let colors = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    for (word, value) in contributions {
        let bar = bar(value.abs(), largest);
        let bar = match (colors, value < 0.0) {
            (false, _) => bar,
            // Words for the class are orange, words against it blue, as in the figures.
            (true, true) => format!("\x1b[38;5;32m{bar}\x1b[0m"),
            (true, false) => format!("\x1b[38;5;208m{bar}\x1b[0m"),
        };
        let pad = " ".repeat(widest - word.chars().count());
        lines.push(format!("  {word}{pad} {value:>+7.3} {bar}").trim_end().to_owned());
    }
    Ok(lines)
}

/// A bar of characters. Its length is proportional to the value; the largest value has the longest
/// bar.
fn bar(value: f64, largest: f64) -> String {
    let share = if largest > 0.0 { value / largest } else { 0.0 };
    "█".repeat((share * BAR as f64).round() as usize)
}

/// The contribution of each token between spaces to class a compared with class b ("gradient times
/// input", Shrikumar et al. 2016). It is the sum over the token's n-grams or word pieces of <e,
/// d(z_a - z_b)/de>, for the embedding e and the logits z. The contribution of an n-gram is divided
/// among its tokens. There are no contributions for a model whose only input is a vector of the
/// whole text.
///
/// # Errors
/// If the text cannot be tokenised.
fn contributions(
    config: &AgNews,
    model: &TextClassifier,
    encoder: Option<&SentenceEncoder>,
    text: &str,
    classes: [usize; 2],
) -> Result<Vec<(String, f64)>, Error> {
    Ok(match (config.model, encoder) {
        (ModelKind::MinilmFrozen, _) => Vec::new(),
        (ModelKind::MinilmFinetuned, Some(encoder)) => {
            let mut pieces = encoder.tokenizer.pieces(text)?;
            pieces.truncate(config.longest);
            let tokens: Vec<usize> = pieces.iter().map(|piece| piece.token).collect();
            let parts = parts(model, &tokens, classes);
            let mut words: Vec<(Range<usize>, f64)> = Vec::new();
            for (piece, part) in pieces.into_iter().zip(parts).filter(|(piece, _)| !piece.bytes.is_empty()) {
                match words.last_mut() {
                    // Pieces without a space between them belong to one word.
                    Some((bytes, sum)) if bytes.end == piece.bytes.start => {
                        bytes.end = piece.bytes.end;
                        *sum += part;
                    }
                    _ => words.push((piece.bytes, part)),
                }
            }
            words.into_iter().map(|(bytes, sum)| (text[bytes].to_owned(), sum)).collect()
        }
        _ => {
            let tokens: Vec<&str> = text.split_whitespace().collect();
            let mut ngrams = config.cut().of(text);
            if config.model == ModelKind::Transformer {
                ngrams.truncate(config.longest);
            }
            let buckets: Vec<usize> = ngrams.iter().map(|ngram| ngram.bucket).collect();
            let parts = match model {
                TextClassifier::Bag(_) => parts_of_bag(model, &buckets, classes),
                _ => parts(model, &buckets, classes),
            };
            let mut sums = vec![0.0; tokens.len()];
            for (ngram, part) in ngrams.into_iter().zip(parts) {
                let share = part / ngram.tokens.len() as f64;
                sums[ngram.tokens].iter_mut().for_each(|sum| *sum += share);
            }
            tokens.into_iter().map(str::to_owned).zip(sums).collect()
        }
    })
}

/// For each n-gram, <e, d(z_a - z_b)/de> of its bucket, divided by the number of n-grams in the
/// bucket.
fn parts_of_bag(model: &TextClassifier, buckets: &[usize], classes: [usize; 2]) -> Vec<f64> {
    let [vectors, gradients] = slopes(model, buckets, classes).map(|table| table.gather(0, buckets));
    let mut counts = HashMap::new();
    buckets.iter().for_each(|bucket| *counts.entry(bucket).or_insert(0.0) += 1.0);
    products(&vectors, &gradients)
        .into_iter()
        .zip(buckets)
        .map(|(part, bucket)| part / counts[bucket])
        .collect()
}

/// For each token e, <e, d(z_a - z_b)/de>.
fn parts(model: &TextClassifier, tokens: &[usize], classes: [usize; 2]) -> Vec<f64> {
    // Each token gets its own row of the table, so that the rows of the gradient belong to single
    // tokens.
    let mut own = model.clone();
    let table = own.embedding_mut();
    table.table = table.table.gather(0, tokens);
    let numbers: Vec<usize> = (0..tokens.len()).collect();
    let [vectors, gradients] = slopes(&own, &numbers, classes);
    products(&vectors, &gradients)
}

/// The embedding table, and the gradient of z_a - z_b with respect to it.
fn slopes(model: &TextClassifier, text: &[usize], [a, b]: [usize; 2]) -> [Tensor; 2] {
    let tape = Tape::default();
    let vars = model.map(ParameterPath::ROOT, &mut |_, parameter: &Tensor| tape.var(parameter.clone()));
    let logits = vars.logits(Batch::Lists(&[text]), &mut Pass::on(&tape));
    let difference = logits.narrow(1, a, a + 1) - logits.narrow(1, b, b + 1);
    let table = *vars.embedding();
    let gradient = difference.sum().backward(&[table]).remove(0).expect("logits depend on the vectors");
    [table.value(), gradient]
}

/// The inner products of corresponding rows.
fn products(vectors: &Tensor, gradients: &Tensor) -> Vec<f64> {
    let width = vectors.shape()[1];
    let pairs = vectors.as_slice().chunks_exact(width).zip(gradients.as_slice().chunks_exact(width));
    pairs.map(|(e, g)| e.iter().zip(g).map(|(e, g)| f64::from(*e) * f64::from(*g)).sum()).collect()
}

impl<A> TextClassifier<A> {
    /// The embedding table of n-grams or tokens.
    fn embedding(&self) -> &A {
        match self {
            Self::Bag(bag) => &bag.embedding.table,
            Self::Tokens { encoder: Encoder::Whole(transformer), .. } => &transformer.embedding.table,
            Self::Vectors(_) | Self::Tokens { .. } => unreachable!("a merged model of texts has a table"),
        }
    }
}

impl TextClassifier {
    fn embedding_mut(&mut self) -> &mut Embedding {
        match self {
            Self::Bag(bag) => &mut bag.embedding,
            Self::Tokens { encoder: Encoder::Whole(transformer), .. } => &mut transformer.embedding,
            Self::Vectors(_) | Self::Tokens { .. } => unreachable!("a merged model of texts has a table"),
        }
    }

    /// The same classifier with the updates merged into the encoder.
    fn merged(self, encoder: Option<&SentenceEncoder>) -> Self {
        match (self, encoder) {
            (Self::Tokens { encoder: Encoder::Updates { updates, .. }, head, dropout }, Some(base)) => {
                let whole = base.transformer.updated(&updates).merged();
                Self::Tokens { encoder: Encoder::Whole(whole), head, dropout }
            }
            (model, _) => model,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{Assignment as _, OrNone};
    use crate::random::{Purpose, Stream};

    const TEXT: &str = "Oil prices rise, oil falls";

    fn config(model: ModelKind) -> AgNews {
        let preset = AgNews { model, ..AgNews::default() }.preset().expect("each model has settings");
        AgNews { buckets: 64, width: 8, hidden: OrNone(Some(8)), heads: 2, ..preset }
    }

    /// A model with random values in all parameters.
    fn random(config: &AgNews) -> TextClassifier {
        let mut stream = Stream::new(1, Purpose::Data);
        let number = &mut || stream.normal() as f32;
        config
            .network()
            .map(ParameterPath::ROOT, &mut |_, p: &Tensor| Tensor::from_fn(p.shape(), &mut *number))
    }

    fn difference(model: &TextClassifier, tokens: &[usize]) -> f64 {
        let z = model.logits(Batch::Lists(&[tokens]), &mut Pass::inference());
        f64::from(z.as_slice()[2]) - f64::from(z.as_slice()[0])
    }

    #[test]
    fn contributions_in_a_linear_model_add_up_to_the_difference_of_logits() {
        let config = config(ModelKind::Linear);
        let mut model = random(&config);
        let words = contributions(&config, &model, None, TEXT, [2, 0]).unwrap();
        let names: Vec<&str> = words.iter().map(|(word, _)| word.as_str()).collect();
        assert_eq!(names, ["Oil", "prices", "rise,", "oil", "falls"]);
        let sum: f64 = words.iter().map(|(_, part)| part).sum();
        let tokens = config.cut().bag_of(TEXT);
        let whole = difference(&model, &tokens);
        let TextClassifier::Bag(bag) = &mut model else { unreachable!() };
        bag.embedding.table = Tensor::zeros(&[64, 4]);
        assert!((sum + difference(&model, &tokens) - whole).abs() < 1e-5);
    }

    /// The derivative of the difference with respect to the scale of one row of the table, by
    /// central differences.
    fn slope(model: &TextClassifier, text: &[usize], row: usize) -> f64 {
        let scaled = |factor: f32| {
            let mut model = model.clone();
            let table = &mut model.embedding_mut().table;
            let width = table.shape()[1];
            table.as_mut_slice()[row * width..][..width].iter_mut().for_each(|x| *x *= factor);
            difference(&model, text)
        };
        (scaled(1.01) - scaled(0.99)) / 0.02
    }

    fn assert_close(part: f64, slope: f64) {
        assert!((slope - part).abs() < 0.02 * (1.0 + part.abs()), "{slope} {part}");
    }

    #[test]
    fn the_part_of_a_token_is_the_slope_along_its_vector() {
        let model = random(&config(ModelKind::Transformer));
        let tokens = [5, 9, 5, 30];
        // Each token gets its own row.
        let mut own = model.clone();
        let table = &mut own.embedding_mut().table;
        *table = table.gather(0, tokens);
        for (i, part) in parts(&model, &tokens, [2, 0]).into_iter().enumerate() {
            assert_close(part, slope(&own, &[0, 1, 2, 3], i));
        }
    }

    #[test]
    fn ngrams_in_one_bucket_share_the_slope_along_its_vector() {
        let model = random(&config(ModelKind::Embeddings));
        let buckets = [5, 60, 5, 30];
        let parts = parts_of_bag(&model, &buckets, [2, 0]);
        assert_eq!(parts[0], parts[2]);
        for (bucket, part) in [(5, parts[0] + parts[2]), (60, parts[1]), (30, parts[3])] {
            assert_close(part, slope(&model, &buckets, bucket));
        }
    }
}
