"""Writes excerpt.json and excerpt-values.json: four items of the published study's results.

python make_excerpt.py FOLDER, with attention_intervention_gpt2_filtered_dev.json of the published
study (MIT licence) in FOLDER. Effects are rounded, so that the file is small; the values are those
of NumPy and SciPy for the rounded effects.
"""

import json
import sys

import numpy as np
from scipy import stats

with open(f"{sys.argv[1]}/attention_intervention_gpt2_filtered_dev.json") as file:
    study = json.load(file)


def rounded(value):
    if isinstance(value, list):
        return [rounded(v) for v in value]
    return round(value, 5) if isinstance(value, float) else value


items = [{k: rounded(v) for k, v in item.items()} for item in study["results"][:4]]
for item in items:
    for effect in ["indirect", "direct"]:
        item[f"{effect}_effect_head"] = [row[:3] for row in item[f"{effect}_effect_head"][:6]]
        item[f"{effect}_effect_layer"] = item[f"{effect}_effect_layer"][:6]
study["results"] = items
study["num_examples_analyzed"] = len(items)
mean = lambda key: float(np.mean([item[key] for item in items]))
study["mean_total_effect"] = mean("total_effect")
study["mean_model_indirect_effect"] = mean("indirect_effect_model")
study["mean_model_direct_effect"] = mean("direct_effect_model")
indirect = np.array([item["indirect_effect_head"] for item in items])
direct = np.array([item["direct_effect_head"] for item in items])
total = np.array([item["total_effect"] for item in items])
means = indirect.mean(0)
layer, head = np.unravel_index(means.argmax(), means.shape)
test = stats.ttest_ind(indirect[:, layer, head], indirect.ravel())
x, y = indirect.ravel(), (total[:, None, None] - direct).ravel()
fit = stats.linregress(x, y)
values = {
    "sum": float(indirect.sum((1, 2)).mean()), "top": [int(layer), int(head)],
    "indirect": float(means.max()), "direct": float(direct.mean(0)[layer, head]),
    "t": float(test.statistic), "p": float(test.pvalue / 2), "slope": fit.slope,
    "intercept": fit.intercept, "r_squared": fit.rvalue**2,
    "r_squared_of_equality": float(1 - ((y - x) ** 2).sum() / ((y - y.mean()) ** 2).sum()),
}
with open("excerpt.json", "w") as file:
    json.dump(study, file)
with open("excerpt-values.json", "w") as file:
    json.dump(values, file, indent=1)
