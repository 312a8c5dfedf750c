//! What the settings of training are called on the page, and what they mean.

use super::PenaltyKind;
use crate::protocol::{BiasStart, InputScaling, LossConvention, SaeField, VariantKind};
use crate::ui::named::Named;

/// A variant's name and explanation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VariantWords {
    /// The variant.
    pub kind: VariantKind,
    /// Its key in the page.
    pub key: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it does, in a line or two.
    pub note: &'static str,
}

const fn words(kind: VariantKind, key: &'static str, name: &'static str, note: &'static str) -> VariantWords {
    VariantWords { kind, key, name, note }
}

/// All variants, the usual ones first.
pub const VARIANTS: [VariantWords; 9] = [
    words(VariantKind::TopK, "top_k", "TopK", "Keeps the k strongest features of each cell. No penalty to tune."),
    words(
        VariantKind::BatchTopK,
        "batch_top_k",
        "BatchTopK",
        "Keeps k features a cell on average: cells with more going on get more. Then one threshold for all.",
    ),
    words(
        VariantKind::Matryoshka,
        "matryoshka",
        "Matryoshka",
        "Nested dictionaries: the first features must describe cells alone, so they stay broad; later ones refine.",
    ),
    words(
        VariantKind::JumpRelu,
        "jump_relu",
        "JumpReLU",
        "Every feature learns its own threshold, below which it is off; a penalty holds the number of active ones.",
    ),
    words(
        VariantKind::Gated,
        "gated",
        "Gated",
        "Decides apart whether a feature is on and how strongly, so that its strength is not shrunk by the penalty.",
    ),
    words(
        VariantKind::ReluL1,
        "relu_l1",
        "ReLU with L1",
        "A penalty on activations pushes features to zero, weighted by the length of their decoder rows.",
    ),
    words(
        VariantKind::Vanilla,
        "vanilla",
        "Vanilla",
        "The paper's, trained as there: ReLU, with an L1 penalty that pushes features to zero.",
    ),
    words(
        VariantKind::Bricken,
        "bricken",
        "Bricken",
        "The paper's ReLU variant: as vanilla, with a learned bias added to the input.",
    ),
    words(
        VariantKind::TopKShare,
        "top_k_share",
        "TopK by share",
        "The paper's TopK: keeps a share of all features in each cell, with a learned bias added to the input.",
    ),
];

/// The words of a variant.
pub fn variant_words(kind: VariantKind) -> &'static VariantWords {
    VARIANTS.iter().find(|words| words.kind == kind).unwrap_or(&VARIANTS[0])
}

/// How squared error and penalty are averaged.
pub const LOSSES: [Named<LossConvention>; 2] = [
    Named {
        value: LossConvention::AsCoded,
        key: "coded",
        name: "As coded",
        note: "Means over batch and dimensions, as the paper's code does.",
    },
    Named {
        value: LossConvention::AsPrinted,
        key: "printed",
        name: "As printed",
        note: "Sums over dimensions, as the paper's formula says; λ differs by d/h.",
    },
];

/// What JumpReLU's penalty is on.
pub const PENALTIES: [Named<PenaltyKind>; 2] = [
    Named {
        value: PenaltyKind::Target,
        key: "target",
        name: "A target",
        note: "Holds the number of active features near a target.",
    },
    Named {
        value: PenaltyKind::Step,
        key: "step",
        name: "Every feature",
        note: "Costs the same for every active feature; their number comes out of it.",
    },
];

/// How the spread of inputs is changed.
pub const SCALINGS: [Named<InputScaling>; 3] = [
    Named {
        value: InputScaling::Factor,
        key: "factor",
        name: "One factor",
        note: "Brings cells to the usual length, which learning rates and penalties are made for.",
    },
    Named {
        value: InputScaling::Whiten,
        key: "whiten",
        name: "Whiten",
        note: "Gives every direction the same spread, so that weak programs count as much as strong ones.",
    },
    Named { value: InputScaling::None, key: "none", name: "None", note: "Values as they are in the file." },
];

/// What the decoder's bias starts from.
pub const BIAS_STARTS: [Named<BiasStart>; 2] = [
    Named { value: BiasStart::Mean, key: "mean", name: "Mean", note: "The average cell." },
    Named {
        value: BiasStart::GeometricMedian,
        key: "median",
        name: "Geometric median",
        note: "A middle that a few outlying cells do not move.",
    },
];

/// A field's label.
pub fn label(field: SaeField) -> &'static str {
    match field {
        SaeField::Inputs => "Embedding",
        SaeField::Variant => "Variant",
        SaeField::Features => "Features h",
        SaeField::K => "Active k",
        SaeField::Percent => "Active share, %",
        SaeField::L1 => "Penalty λ",
        SaeField::Loss => "Loss convention",
        SaeField::L0 => "Active aimed at",
        SaeField::L0Weight => "Penalty weight",
        SaeField::Bandwidth => "Bandwidth ε",
        SaeField::Threshold => "First threshold",
        SaeField::Prefixes => "Nested dictionaries",
        SaeField::Aux => "Revival weight",
        SaeField::LearningRate => "Learning rate",
        SaeField::Batch => "Batch size",
        SaeField::Epochs => "Epochs",
        SaeField::Seed => "Seed",
        SaeField::Center => "Centre the inputs",
        SaeField::Scaling => "Input scaling",
        SaeField::BiasStart => "Decoder bias starts from",
        SaeField::UnitDecoder => "Keep decoder rows at length 1",
        SaeField::Clip => "Gradient clip",
        SaeField::WarmUp => "Warm-up, %",
        SaeField::Decay => "Decay, %",
        SaeField::SparsityWarmUp => "Penalty warm-up, %",
        SaeField::KAnneal => "k annealing, %",
        SaeField::DeadEpochs => "Dead after, epochs",
        SaeField::HoldOut => "Hold out, %",
        SaeField::HoldOutBy => "Hold out by",
        SaeField::Patience => "Patience",
    }
}

/// What a field means, in one line.
pub fn meaning(field: SaeField) -> &'static str {
    match field {
        SaeField::Inputs => "What is trained on.",
        SaeField::Variant => "The kind of autoencoder.",
        SaeField::Features => "How many features are learnt; more make finer ones and take longer.",
        SaeField::K => "How many features may be active in one cell.",
        SaeField::Percent => "Share of the features that may be active in one cell.",
        SaeField::L1 => "Weight of the penalty on active features: larger means fewer of them.",
        SaeField::Loss => "How error and penalty are averaged.",
        SaeField::L0 => "How many features shall be active in a cell, on average.",
        SaeField::L0Weight => "How strongly that number is held.",
        SaeField::Bandwidth => "How close to its threshold an activation must be to move it.",
        SaeField::Threshold => "Where every feature's threshold begins.",
        SaeField::Prefixes => "How many dictionaries lie in each other, each twice as large as the one before.",
        SaeField::Aux => "How strongly dead features are taught what the others leave over; 0 for not at all.",
        SaeField::LearningRate => "Step size of Adam; lower it if the loss jumps.",
        SaeField::Batch => "Cells per step.",
        SaeField::Epochs => "Passes over all cells that are trained on.",
        SaeField::Seed => "Same seed, same data, same device: same features.",
        SaeField::Center => "Takes the mean of every input dimension off first; folded back into saved weights.",
        SaeField::Scaling => "How the spread of the inputs is changed first; folded back into saved weights.",
        SaeField::BiasStart => "What a cell without features is rebuilt as, at the start.",
        SaeField::UnitDecoder => "So that a feature's strength is all in its activation.",
        SaeField::Clip => "Longest step a batch may ask for; empty for any.",
        SaeField::WarmUp => "Part of the run over which the learning rate rises.",
        SaeField::Decay => "Part of the run, at its end, over which the learning rate falls.",
        SaeField::SparsityWarmUp => "Part of the run over which the penalty rises.",
        SaeField::KAnneal => "Part of the run over which k falls to its value; 0 for at once.",
        SaeField::DeadEpochs => "A feature that fires for no cell for so long is called dead.",
        SaeField::HoldOut => "Part of the cells that training never sees, to measure it by.",
        SaeField::HoldOutBy => "Whole categories of this label are held out, such as donors.",
        SaeField::Patience => "Ends after so many looks at held-out cells without a gain; empty for never.",
    }
}
