//! The page's entry point.

fn main() {
    featurescope::ui::app::mount();
}
