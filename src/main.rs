//! The `anchorite` binary: parse, dispatch, map errors to exit codes.

fn main() -> std::process::ExitCode {
    anchorite::cli::main()
}
