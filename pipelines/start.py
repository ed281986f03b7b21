"""Where the command `dedup` begins: nothing is imported before an interruption can be answered.

In: the process as the shell started it. Out: what `pipelines.cli.main` does.

Rule guarded here: this file stays light; worker processes import it too.
"""

import sys


def main() -> None:
    """Run the command line; Ctrl-C while it is still being loaded ends it with the same line as later."""
    try:
        from pipelines.cli import main as run

        run()
    except KeyboardInterrupt:
        sys.stderr.write("dedup: stopped; nothing was changed.\n")
        sys.exit(1)


# As spark-submit runs it.
if __name__ == "__main__":
    main()
