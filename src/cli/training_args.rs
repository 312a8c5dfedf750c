//! The options of a training run. What is not given is suggested by the data's shape.

use clap::{Args, ValueEnum};

use super::error::CliError;
use crate::protocol::{
    BiasStart, DataShape, HoldOut, InputScaling, L0Penalty, LossConvention, SaeField, SaeParams, Variant, VariantKind,
    Wishes, suggest,
};

/// Options of training.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Training (what is not given is chosen by the data's shape)")]
pub(super) struct TrainingOptions {
    /// Kind of sparse autoencoder [default: topk].
    #[arg(long, value_enum)]
    variant: Option<VariantName>,
    /// Number of features [default: about 8 for each dimension].
    #[arg(long, value_name = "H", allow_negative_numbers = true)]
    hidden: Option<usize>,
    /// Active features per cell, for topk, batch-topk and matryoshka [default: by the dimensions, at most 32].
    #[arg(long, allow_negative_numbers = true)]
    k: Option<usize>,
    /// Share of the features kept per cell, in percent, for topk-share [default: 5].
    #[arg(long, value_name = "P", allow_hyphen_values = true)]
    percent: Option<f64>,
    /// Weight of the L1 penalty, for vanilla, bricken, relu-l1 and gated [default: 0.001, or by the dimensions].
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    l1: Option<f64>,
    /// How error and L1 penalty are averaged, for vanilla and bricken [default: as-coded].
    #[arg(long, value_enum)]
    loss: Option<LossName>,
    /// Active features per cell that jumprelu aims at; 0: none, every active feature costs --l0-weight [default: as k].
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    l0: Option<f64>,
    /// Weight of the penalty of jumprelu [default: by the dimensions].
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    l0_weight: Option<f64>,
    /// Width of the window around the thresholds of jumprelu [default: 0.05].
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    bandwidth: Option<f64>,
    /// Thresholds of jumprelu at the start [default: 0.01].
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    threshold: Option<f64>,
    /// Number of nested dictionaries, for matryoshka [default: 4].
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    prefixes: Option<usize>,
    /// Weight of the loss that revives dead features, for topk, batch-topk and matryoshka [default: 0.03125].
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    aux: Option<f64>,
    /// Learning rate at its highest [default: by the number of features].
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    lr: Option<f64>,
    /// Passes over the cells [default: so many that there are 5,000 steps].
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    epochs: Option<usize>,
    /// Cells per step [default: by the number of cells].
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    batch: Option<usize>,
    /// Train any variant as the paper trains its own: inputs as they are, one rate, no clip, nothing held out.
    #[arg(long)]
    plain: bool,
    /// Leave the mean of every input dimension on.
    #[arg(long)]
    no_center: bool,
    /// How the spread of inputs is changed [default: factor; none with the paper's variants].
    #[arg(long, value_enum)]
    scaling: Option<ScalingName>,
    /// What the decoder's bias starts from; not with the paper's variants [default: mean].
    #[arg(long, value_enum)]
    bias_start: Option<BiasStartName>,
    /// Let decoder rows have any length.
    #[arg(long)]
    no_unit_decoder: bool,
    /// Largest norm of a gradient; 0: any [default: 1].
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    clip: Option<f64>,
    /// Share of the run over which the learning rate rises, 0 to 1 [default: 0.05].
    #[arg(long, value_name = "SHARE", allow_hyphen_values = true)]
    warm_up: Option<f64>,
    /// Share of the run, at its end, over which the learning rate falls [default: 0.2].
    #[arg(long, value_name = "SHARE", allow_hyphen_values = true)]
    decay: Option<f64>,
    /// Share of the run over which the penalty rises [default: 0.05].
    #[arg(long, value_name = "SHARE", allow_hyphen_values = true)]
    sparsity_warm_up: Option<f64>,
    /// Share of the run over which k falls to its value [default: 0].
    #[arg(long, value_name = "SHARE", allow_hyphen_values = true)]
    k_anneal: Option<f64>,
    /// Epochs without firing after which a feature is dead [default: 1].
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    dead_epochs: Option<f64>,
    /// Share of the cells that training does not see [default: 0.1; 0 with the paper's variants].
    #[arg(long, value_name = "SHARE", allow_hyphen_values = true)]
    hold_out: Option<f64>,
    /// Hold out whole categories of this label column, such as donors; `none`: cells by chance [default: donors, if a
    /// label tells them apart].
    #[arg(long, value_name = "LABEL|none")]
    hold_out_by: Option<String>,
    /// End after so many looks at the held-out cells without a gain [default: train to the end].
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    patience: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum VariantName {
    /// The k largest activations of a cell.
    Topk,
    /// k activations a cell on average, picked over the batch.
    BatchTopk,
    /// As batch-topk, in nested dictionaries.
    Matryoshka,
    /// A threshold for every feature.
    Jumprelu,
    /// A gate and a magnitude for every feature.
    Gated,
    /// ReLU with an L1 penalty weighted by decoder rows.
    ReluL1,
    /// ReLU with an L1 penalty, as in the paper.
    Vanilla,
    /// As vanilla, with a bias learned for the input, as in the paper.
    Bricken,
    /// A share of the features, as in the paper.
    TopkShare,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum LossName {
    /// Means over batch and dimensions.
    AsCoded,
    /// Sums over dimensions.
    AsPrinted,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum ScalingName {
    /// As they are.
    None,
    /// One factor for all.
    Factor,
    /// The covariance becomes the identity.
    Whiten,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum BiasStartName {
    /// The mean of the inputs.
    Mean,
    /// Their geometric median.
    GeometricMedian,
}

/// The share held out where only the label is given and nothing would be held out otherwise.
const USUAL_HOLD_OUT: f64 = 0.1;
/// What `--hold-out-by` says where cells are held out by chance.
const BY_CHANCE: &str = "none";

impl TrainingOptions {
    /// The label that cells are to be held out by.
    pub(super) fn hold_out_label(&self) -> Option<&str> {
        self.hold_out_by.as_deref().filter(|label| *label != BY_CHANCE)
    }

    /// What to train on data of this shape.
    ///
    /// # Errors
    /// [`CliError::Usage`] for an option that the variant does not have.
    pub(super) fn params(&self, shape: &DataShape, seed: Option<u64>) -> Result<SaeParams, CliError> {
        let kind = self.variant.map(VariantName::kind);
        let wishes = Wishes { kind, n_features: self.hidden, batch_size: self.batch, hold_out: self.hold_out };
        let mut params = suggest(shape, &wishes).params;
        params.n_features = self.hidden.unwrap_or(params.n_features);
        params.batch_size = self.batch.unwrap_or(params.batch_size);
        params.seed = seed.unwrap_or(params.seed);
        if self.plain {
            params = params.plain();
        }
        self.choose(shape.d_in, &mut params)?;
        self.set_numbers(&mut params)?;
        self.hold_out(&mut params)?;
        Ok(params)
    }

    /// What is no number.
    fn choose(&self, d_in: usize, params: &mut SaeParams) -> Result<(), CliError> {
        let name = VariantName::of(params.variant.kind());
        if let Some(loss) = self.loss.map(LossName::convention) {
            let n_features = params.n_features;
            let (Variant::Vanilla { l1, loss: slot } | Variant::Bricken { l1, loss: slot }) = &mut params.variant
            else {
                return Err(misplaced("--loss", SaeField::Loss, name));
            };
            if *slot != loss {
                (*l1, *slot) = (loss.l1_from_other(*l1, d_in, n_features), loss);
            }
        }
        if let Some(start) = self.bias_start {
            if params.variant.is_of_the_paper() {
                let text = format!("--bias-start is not for {name}; the paper's variants start from PyTorch's values");
                return Err(CliError::Usage(text));
            }
            params.bias_start = start.start();
        }
        params.center_inputs &= !self.no_center;
        params.unit_decoder &= !self.no_unit_decoder;
        params.scaling = self.scaling.map_or(params.scaling, ScalingName::scaling);
        Ok(())
    }

    fn set_numbers(&self, params: &mut SaeParams) -> Result<(), CliError> {
        let count = |value: Option<usize>| value.map(|value| value as f64);
        if self.l0 == Some(0.0)
            && let Variant::JumpRelu { penalty, .. } = &mut params.variant
        {
            // Per active feature: what a target asks for where twice as many are active.
            if let L0Penalty::Target { l0, weight } = *penalty {
                *penalty = L0Penalty::Step { weight: 2.0 * weight / l0.max(1.0) };
            }
        }
        let is_step = matches!(params.variant, Variant::JumpRelu { penalty: L0Penalty::Step { .. }, .. });
        let given = [
            ("--k", SaeField::K, count(self.k)),
            ("--percent", SaeField::Percent, self.percent),
            ("--l1", SaeField::L1, self.l1),
            ("--l0", SaeField::L0, self.l0.filter(|_| !is_step)),
            ("--l0-weight", SaeField::L0Weight, self.l0_weight),
            ("--bandwidth", SaeField::Bandwidth, self.bandwidth),
            ("--threshold", SaeField::Threshold, self.threshold),
            ("--prefixes", SaeField::Prefixes, count(self.prefixes)),
            ("--aux", SaeField::Aux, self.aux),
            ("--lr", SaeField::LearningRate, self.lr),
            ("--epochs", SaeField::Epochs, count(self.epochs)),
            ("--clip", SaeField::Clip, self.clip),
            ("--warm-up", SaeField::WarmUp, self.warm_up),
            ("--decay", SaeField::Decay, self.decay),
            ("--sparsity-warm-up", SaeField::SparsityWarmUp, self.sparsity_warm_up),
            ("--k-anneal", SaeField::KAnneal, self.k_anneal),
            ("--dead-epochs", SaeField::DeadEpochs, self.dead_epochs),
            ("--patience", SaeField::Patience, count(self.patience)),
        ];
        for (option, field, value) in given.into_iter().filter(|(.., value)| value.is_some()) {
            if !params.set_number(field, value) {
                return Err(misplaced(option, field, VariantName::of(params.variant.kind())));
            }
        }
        params.clip = params.clip.filter(|clip| *clip != 0.0);
        Ok(())
    }

    fn hold_out(&self, params: &mut SaeParams) -> Result<(), CliError> {
        let HoldOut { share, label } = &mut params.hold_out;
        *share = self.hold_out.unwrap_or(*share);
        if let Some(wanted) = &self.hold_out_by {
            *label = self.hold_out_label().map(str::to_owned);
            if *share == 0.0 && self.hold_out.is_none() && label.is_some() {
                *share = USUAL_HOLD_OUT;
            } else if *share == 0.0 && label.is_some() {
                let text = format!("--hold-out-by {wanted:?} holds nothing out; give --hold-out a share above 0, too");
                return Err(CliError::Usage(text));
            }
        }
        Ok(())
    }
}

/// An option that another variant has.
fn misplaced(option: &str, field: SaeField, found: VariantName) -> CliError {
    let owners = VariantKind::ALL.into_iter().filter(|kind| kind.fields().contains(&field));
    let owners: Vec<String> = owners.map(|kind| VariantName::of(kind).to_string()).collect();
    let own = found.kind().fields().iter().filter_map(|field| option_of(*field));
    let own: Vec<&str> = own.collect();
    CliError::Usage(format!("{option} belongs to --variant {}; {found} has {}", owners.join(", "), own.join(", ")))
}

/// The option of a setting that only some variants have.
fn option_of(field: SaeField) -> Option<&'static str> {
    Some(match field {
        SaeField::K => "--k",
        SaeField::Percent => "--percent",
        SaeField::L1 => "--l1",
        SaeField::Loss => "--loss",
        SaeField::L0 => "--l0",
        SaeField::L0Weight => "--l0-weight",
        SaeField::Bandwidth => "--bandwidth",
        SaeField::Threshold => "--threshold",
        SaeField::Prefixes => "--prefixes",
        SaeField::Aux => "--aux",
        _ => return None,
    })
}

impl VariantName {
    const ALL: [(Self, VariantKind); 9] = [
        (Self::Topk, VariantKind::TopK),
        (Self::BatchTopk, VariantKind::BatchTopK),
        (Self::Matryoshka, VariantKind::Matryoshka),
        (Self::Jumprelu, VariantKind::JumpRelu),
        (Self::Gated, VariantKind::Gated),
        (Self::ReluL1, VariantKind::ReluL1),
        (Self::Vanilla, VariantKind::Vanilla),
        (Self::Bricken, VariantKind::Bricken),
        (Self::TopkShare, VariantKind::TopKShare),
    ];

    fn kind(self) -> VariantKind {
        Self::ALL.iter().find(|(name, _)| *name == self).map_or(VariantKind::TopK, |(_, kind)| *kind)
    }

    fn of(kind: VariantKind) -> Self {
        Self::ALL.iter().find(|(_, known)| *known == kind).map_or(Self::Topk, |(name, _)| *name)
    }
}

impl std::fmt::Display for VariantName {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let value = self.to_possible_value();
        out.write_str(value.as_ref().map_or("", |value| value.get_name()))
    }
}

impl LossName {
    fn convention(self) -> LossConvention {
        match self {
            Self::AsCoded => LossConvention::AsCoded,
            Self::AsPrinted => LossConvention::AsPrinted,
        }
    }
}

impl ScalingName {
    fn scaling(self) -> InputScaling {
        match self {
            Self::None => InputScaling::None,
            Self::Factor => InputScaling::Factor,
            Self::Whiten => InputScaling::Whiten,
        }
    }
}

impl BiasStartName {
    fn start(self) -> BiasStart {
        match self {
            Self::Mean => BiasStart::Mean,
            Self::GeometricMedian => BiasStart::GeometricMedian,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: TrainingOptions,
    }

    fn shape() -> DataShape {
        DataShape { n_cells: 3000, d_in: 50, ..DataShape::default() }
    }

    fn params(line: &str) -> Result<SaeParams, String> {
        let words = std::iter::once("train").chain(line.split_whitespace());
        let options = Line::try_parse_from(words).map_err(|error| error.to_string())?.options;
        options.params(&shape(), None).map_err(|error| error.to_string())
    }

    #[test]
    fn without_options_the_suggestion_is_taken() {
        assert_eq!(params("").unwrap(), suggest(&shape(), &Wishes::default()).params);
        for (name, kind) in VariantName::ALL {
            let wishes = Wishes { kind: Some(kind), ..Wishes::default() };
            assert_eq!(params(&format!("--variant {name}")).unwrap(), suggest(&shape(), &wishes).params);
        }
    }

    #[test]
    fn every_option_reaches_its_setting() {
        let line = "--variant matryoshka --hidden 100 --k 5 --prefixes 3 --aux 0.5 --lr 0.01 --epochs 7 --batch 99 \
            --no-center --scaling whiten --bias-start geometric-median --no-unit-decoder --clip 2 --warm-up 0.1 \
            --decay 0.3 --sparsity-warm-up 0.4 --k-anneal 0.2 --dead-epochs 2.5 --hold-out 0.25 --hold-out-by donor \
            --patience 4";
        let found = params(line).unwrap();
        let expected = SaeParams {
            variant: Variant::Matryoshka { k: 5, n_prefixes: 3, aux: 0.5 },
            n_features: 100,
            learning_rate: 0.01,
            batch_size: 99,
            n_epochs: 7,
            seed: 0,
            center_inputs: false,
            scaling: InputScaling::Whiten,
            bias_start: BiasStart::GeometricMedian,
            unit_decoder: false,
            clip: Some(2.0),
            schedule: crate::protocol::Schedule { warm_up: 0.1, decay: 0.3, sparsity_warm_up: 0.4, k_anneal: 0.2 },
            dead_epochs: 2.5,
            hold_out: HoldOut { share: 0.25, label: Some("donor".into()) },
            patience: Some(4),
        };
        assert_eq!(found, expected);
        let jump = params("--variant jumprelu --l0 9 --l0-weight 2 --bandwidth 0.3 --threshold 0.2").unwrap();
        let penalty = L0Penalty::Target { l0: 9.0, weight: 2.0 };
        assert_eq!(jump.variant, Variant::JumpRelu { bandwidth: 0.3, threshold: 0.2, penalty });
        let share = params("--variant topk-share --percent 2").unwrap();
        assert_eq!(share.variant, Variant::TopKShare { percent: 2.0 });
    }

    #[test]
    fn zero_switches_off_the_clip_and_the_target() {
        assert_eq!(params("--clip 0").unwrap().clip, None);
        let step = params("--variant jumprelu --l0 0 --l0-weight 0.5").unwrap().variant;
        assert!(matches!(step, Variant::JumpRelu { penalty: L0Penalty::Step { weight: 0.5 }, .. }));
    }

    #[test]
    fn plain_training_can_be_amended() {
        let plain = params("--plain --decay 0.5").unwrap();
        assert_eq!((plain.clip, plain.hold_out.share, plain.schedule.decay), (None, 0.0, 0.5));
        assert_eq!(plain.variant.kind(), VariantKind::TopK);
    }

    #[test]
    fn the_penalty_keeps_its_strength_in_the_other_convention() {
        let l1 = |line: &str| params(line).unwrap().number(SaeField::L1).unwrap();
        let h = 512.0;
        approx::assert_relative_eq!(l1("--variant vanilla --loss as-printed"), 1e-3 * 50.0 / h);
        assert_eq!(l1("--variant bricken --loss as-printed --l1 0.25"), 0.25);
    }

    #[test]
    fn options_of_another_variant_are_refused_with_those_it_has() {
        let text = params("--l1 0.1").unwrap_err();
        assert_eq!(text, "--l1 belongs to --variant gated, relu-l1, vanilla, bricken; topk has --k, --aux");
        for line in
            ["--variant vanilla --k 4", "--variant gated --loss as-coded", "--percent 3", "--l0 0", "--prefixes 2"]
        {
            assert!(params(line).unwrap_err().contains("belongs to --variant"), "{line}");
        }
        assert!(params("--variant vanilla --bias-start mean").unwrap_err().contains("--bias-start"));
        let by_donor = params("--variant vanilla --hold-out-by donor").unwrap().hold_out;
        assert_eq!(by_donor, HoldOut { share: 0.1, label: Some("donor".into()) });
        assert!(params("--hold-out 0 --hold-out-by donor").unwrap_err().contains("holds nothing out"));
    }
}
