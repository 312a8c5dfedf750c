//! The form's rules.

use super::*;

fn shape() -> DataShape {
    DataShape { n_cells: 3000, d_in: 32, offset_ratio: Some(2.0), ..DataShape::default() }
}

fn form() -> TrainForm {
    let mut form = TrainForm::default();
    form.suit(shape(), vec!["type".into(), "donor".into()]);
    form
}

fn typed(texts: &[(SaeField, &str)]) -> TrainForm {
    let mut form = form();
    for (field, text) in texts {
        form.type_in(*field, (*text).to_owned());
    }
    form
}

#[test]
fn the_form_begins_with_what_suits_the_data() {
    for kind in VariantKind::ALL {
        let mut form = form();
        form.choose_kind(kind);
        assert_eq!(form.params(), Ok(suggest(&shape(), &Wishes { kind: Some(kind), ..Wishes::default() }).params));
    }
    assert_eq!(form().text(SaeField::HoldOut), "10");
    assert_eq!(form().text(SaeField::WarmUp), "5");
}

#[test]
fn what_was_changed_stays_and_the_rest_follows() {
    let mut form = typed(&[(SaeField::Features, "64"), (SaeField::Clip, "")]);
    let params = form.params().unwrap();
    assert_eq!((params.n_features, params.clip), (64, None));
    assert_eq!(params.learning_rate, SaeParams::usual_learning_rate(64));
    form.suit(DataShape { d_in: 512, n_cells: 50_000, ..shape() }, Vec::new());
    let params = form.params().unwrap();
    assert_eq!((params.n_features, params.batch_size), (64, 1024));
    form.reset();
    assert_eq!((form.params().unwrap().n_features, form.is_edited()), (4096, false));
}

#[test]
fn notes_say_why_until_a_person_changes_the_field() {
    let mut form = form();
    assert!(form.note(SaeField::Features).contains("dimensions"));
    form.type_in(SaeField::Features, "100".into());
    assert_eq!(form.note(SaeField::Features), meaning(SaeField::Features));
}

#[test]
fn a_variant_of_the_paper_brings_plain_training_and_takes_it_along() {
    let mut form = typed(&[(SaeField::Clip, "2"), (SaeField::Epochs, "7")]);
    form.choose_kind(VariantKind::Vanilla);
    let plain = form.params().unwrap();
    assert_eq!((plain.clip, plain.center_inputs, plain.hold_out.share, plain.n_epochs), (None, false, 0.0, 7));
    form.choose_kind(VariantKind::Gated);
    let usual = form.params().unwrap();
    assert_eq!((usual.clip, usual.center_inputs, usual.hold_out.share, usual.n_epochs), (Some(1.0), true, 0.1, 7));
}

#[test]
fn the_penalty_follows_the_loss_convention() {
    let mut form = form();
    form.choose_kind(VariantKind::Vanilla);
    form.choose(SaeField::Loss, |choices| choices.loss = LossConvention::AsPrinted);
    let h = form.params().unwrap().n_features as f64;
    let Variant::Vanilla { l1, loss: LossConvention::AsPrinted } = form.params().unwrap().variant else { panic!() };
    approx::assert_relative_eq!(l1, 1e-3 * 32.0 / h, max_relative = 1e-12);
    form.type_in(SaeField::L1, "0.5".into());
    form.choose(SaeField::Loss, |choices| choices.loss = LossConvention::AsCoded);
    assert_eq!(form.params().unwrap().variant, Variant::Vanilla { l1: 0.5, loss: LossConvention::AsCoded });
}

#[test]
fn the_weight_follows_what_the_penalty_is_on() {
    let mut form = form();
    form.choose_kind(VariantKind::JumpRelu);
    assert_eq!((form.text(SaeField::L0), form.text(SaeField::L0Weight)), ("16", "32"));
    form.choose(SaeField::L0, |choices| choices.penalty = PenaltyKind::Step);
    assert_eq!((form.has(SaeField::L0), form.text(SaeField::L0Weight)), (false, "4"));
    let Variant::JumpRelu { penalty, .. } = form.params().unwrap().variant else { panic!() };
    assert_eq!(penalty, L0Penalty::Step { weight: 4.0 });
    form.reset();
    assert_eq!(form.choices().penalty, PenaltyKind::Target);
}

#[test]
fn all_mistakes_are_said_at_once() {
    let form = typed(&[
        (SaeField::Features, "many"),
        (SaeField::K, "0"),
        (SaeField::Aux, "-1"),
        (SaeField::LearningRate, "2"),
        (SaeField::Batch, "5000"),
        (SaeField::Epochs, ""),
        (SaeField::Seed, "-1"),
        (SaeField::WarmUp, "150"),
        (SaeField::HoldOut, "95"),
    ]);
    let errors = form.params().unwrap_err();
    let fields: Vec<SaeField> = errors.keys().copied().collect();
    let expected = [
        SaeField::Features,
        SaeField::K,
        SaeField::Aux,
        SaeField::LearningRate,
        SaeField::Batch,
        SaeField::Epochs,
        SaeField::Seed,
        SaeField::WarmUp,
        SaeField::HoldOut,
    ];
    assert_eq!(fields, expected);
    assert_eq!(errors[&SaeField::Features], "a whole number is needed, not \"many\"");
    assert_eq!(errors[&SaeField::WarmUp], "0 to 100 % is possible, not 150");
}

#[test]
fn fields_of_other_variants_are_not_judged() {
    let mut form = typed(&[(SaeField::K, "x")]);
    assert!(form.params().is_err());
    form.choose_kind(VariantKind::ReluL1);
    assert!(form.params().is_ok() && !form.has(SaeField::K));
    form.type_in(SaeField::L1, "-1".into());
    assert!(form.params().unwrap_err().contains_key(&SaeField::L1));
}

#[test]
fn patience_needs_held_out_cells() {
    let form = typed(&[(SaeField::Patience, "3"), (SaeField::HoldOut, "0")]);
    assert!(form.params().unwrap_err()[&SaeField::Patience].contains("held-out"));
    let form = typed(&[(SaeField::Patience, "3")]);
    assert_eq!(form.params().unwrap().patience, Some(3));
}

#[test]
fn a_label_that_is_gone_is_not_held_out_by() {
    let mut form = form();
    form.choose(SaeField::HoldOutBy, |choices| choices.hold_out_by = Some("donor".into()));
    assert_eq!(form.params().unwrap().hold_out.label.as_deref(), Some("donor"));
    form.suit(shape(), vec!["type".into()]);
    assert_eq!(form.params().unwrap().hold_out.label, None);
}

#[test]
fn a_far_mean_is_told_only_where_inputs_are_not_centred() {
    let mut form = form();
    assert_eq!(form.far_offset(), None);
    form.choose(SaeField::Center, |choices| choices.center_inputs = false);
    assert_eq!(form.far_offset(), Some(2.0));
    form.suit(DataShape { offset_ratio: Some(0.5), ..shape() }, Vec::new());
    assert_eq!(form.far_offset(), None);
}

#[test]
fn an_embedding_without_dimensions_is_refused() {
    assert!(TrainForm::default().params().unwrap_err().contains_key(&SaeField::Inputs));
}

#[test]
fn every_variant_and_field_has_words() {
    assert_eq!(VARIANTS.map(|words| words.kind), VariantKind::ALL);
    for field in read::TYPED {
        assert!(!label(field).is_empty() && meaning(field).ends_with('.'), "{field:?}");
    }
}
