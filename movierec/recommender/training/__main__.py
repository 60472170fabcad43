"""Run the training process: `python -m movierec.recommender.training`."""

import sys

from movierec.recommender.training.pipeline import main

if __name__ == "__main__":
    sys.exit(main())
