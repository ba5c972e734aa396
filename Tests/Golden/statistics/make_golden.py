"""Values of scipy for the Statistics module: python make_golden.py (scipy 1.11 or later)."""

import json
import pathlib

import numpy as np
import scipy
from scipy import stats

rng = np.random.default_rng(0)


def rounded(values, decimals=3):
    """Numbers that are the same in JSON and in memory."""
    return [round(float(v), decimals) for v in values]


def ranking(n, decimals):
    scores = rounded(rng.normal(size=n), decimals)
    positive = [bool(v) for v in rng.random(n) < 0.4]
    yes = [s for s, p in zip(scores, positive) if p]
    no = [s for s, p in zip(scores, positive) if not p]
    u = stats.mannwhitneyu(yes, no).statistic
    return {"scores": scores, "positive": positive, "area": u / (len(yes) * len(no))}


def correlation(n, decimals):
    x = rounded(rng.normal(size=n), decimals)
    y = rounded(0.5 * np.array(x) + rng.normal(size=n), decimals)
    return {
        "x": x, "y": y, "pearson": stats.pearsonr(x, y).statistic,
        "spearman": stats.spearmanr(x, y).statistic,
    }


def sign_flips(n, shift):
    x = rounded(rng.normal(loc=shift, size=n))
    test = stats.permutation_test(
        (x,), np.mean, permutation_type="samples", n_resamples=np.inf, vectorized=False)
    return {"effects": x, "p": test.pvalue}


def discoveries(n):
    p = rounded(rng.random(n) ** 3, 4)
    return {"p": p, "adjusted": [float(v) for v in stats.false_discovery_control(p)]}


def bootstrap(n):
    x = rounded(rng.exponential(size=n))
    interval = stats.bootstrap(
        (x,), np.mean, n_resamples=200_000, method="percentile", batch=1000,
        random_state=np.random.default_rng(1)).confidence_interval
    return {"values": x, "lower": interval.low, "upper": interval.high}


def samples(n, m, shift):
    x, y = rounded(rng.normal(size=n) + shift), rounded(rng.normal(size=m))
    test = stats.ttest_ind(x, y)
    return {"x": x, "y": y, "t": test.statistic, "p": test.pvalue}


golden = {
    "versions": {"scipy": scipy.__version__, "numpy": np.__version__},
    "rankings": [ranking(12, 3), ranking(40, 1), ranking(200, 1)],
    "correlations": [correlation(5, 3), correlation(30, 3), correlation(60, 1)],
    "sign_flips": [sign_flips(2, 0), sign_flips(5, 1), sign_flips(9, 0.5), sign_flips(12, 0.4)],
    "discoveries": [discoveries(1), discoveries(7), discoveries(25)],
    "bootstraps": [bootstrap(8), bootstrap(30), bootstrap(100)],
    # Last, so that the random numbers before stay the same.
    "samples": [samples(3, 4, 0), samples(20, 500, 0.3), samples(50, 60, 3), samples(1, 9, 9)],
}
path = pathlib.Path(__file__).with_name("golden.json")
path.write_text(json.dumps(golden) + "\n")
