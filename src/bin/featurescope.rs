//! The command line.

fn main() -> std::process::ExitCode {
    featurescope::cli::main()
}
