"""Golden values for encoder metrics and training files (own script; only calls gradiend 0.2.3).
Usage: python make_records.py OUT_DIR
Writes metrics.json (h lists, and what evaluate_encoder makes of them) and training.json (all fields of TrainingArguments, as
the package writes them after a training).
"""
import json, os, sys, types
import numpy as np, pandas as pd
from gradiend import PrePruneConfig, PostPruneConfig, TrainingArguments
from gradiend.evaluator.encoder import EncoderEvaluator
from gradiend.trainer.core.stats import write_training_stats
from gradiend.util.util import to_jsonable

OUT = sys.argv[1]
rng = np.random.default_rng(5)

def rows(source):
    """she and he in two splits, they without contrast, neutral texts of both kinds."""
    made = []
    def add(kind, h, label, classes=("", ""), split="test"):
        made.append({"type": kind, "h": round(float(h), 6), "label": label, "factual": classes[0], "alternative": classes[1],
                     "split": split})
    for split in ("train", "test"):
        for k in range(7):
            for factual, other in (("she", "he"), ("he", "she")):
                read = other if source == "alternative" else factual
                label = 1.0 if read == "she" else -1.0
                add("training", np.tanh(1.2 * label + 0.7 * rng.normal() + 0.2 * (split == "train")), label, (factual, other), split)
        for k in range(3):
            add("training", 0.4 * rng.normal(), 0.0, ("they", "they"), split)
    for kind in ("neutral_training_masked", "neutral_dataset"):
        for k in range(6):
            add(kind, np.tanh(0.6 * rng.normal()), 0.0)
    return made

def frame(made, source):
    """The columns that the package's trainer gives its evaluator."""
    numbers = {("she", "he"): 0, ("he", "she"): 1, ("they", "they"): 2}
    table = []
    for r in made:
        neutral = r["type"] != "training"
        pair = (r["factual"], r["alternative"])
        read = pair[1] if source == "alternative" else pair[0]
        table.append({
            "encoded": r["h"], "label": r["label"], "type": r["type"],
            "source_id": "neutral" if neutral else read, "target_id": "neutral" if neutral else pair[1],
            "source_token": None if neutral else read.upper(), "data_split": r["split"],
            "feature_class_id": None if neutral else numbers[pair],
            "eval_group": None if neutral else (read if source == "factual" else numbers[pair])})
    return pd.DataFrame(table)

trainer = types.SimpleNamespace(target_classes=["she", "he"], experiment_dir=None, get_model=lambda: None,
                                _resolve_artifact_use_cache=lambda use_cache, fallback=False: fallback)
golden = {}
for source in ("factual", "alternative"):
    made = rows(source)
    result = EncoderEvaluator().evaluate_encoder(trainer, encoder_df=frame(made, source))
    golden[source] = {"rows": made, "metrics": to_jsonable(result)}
os.makedirs(OUT, exist_ok=True)
with open(f"{OUT}/metrics.json", "w") as file:
    json.dump(golden, file, indent=1)

arguments = TrainingArguments(
    experiment_dir="runs/pronouns", source="factual", train_batch_size=16, learning_rate=1e-4, weight_decay=0.0, num_train_epochs=2,
    max_steps=120, eval_steps=30, encoder_eval_train_max_size=40, train_max_size=500, seed=7, max_seeds=4, min_convergent_seeds=2,
    convergent_score_threshold=0.6, convergent_mean_by_class_threshold=0.4, params=["transformer.h.*"], normalize_gradiend=False,
    pre_prune_config=PrePruneConfig(n_samples=16, topk=0.25, source="diff"), post_prune_config=PostPruneConfig(topk=1000),
    use_cache="only_convergent", fail_on_non_convergence=True, add_identity_for_other_classes=True, runtime_monitor=True,
    base_model_device_map="auto", eval_batch_size=8)
write_training_stats(
    OUT, {"global_step": 120, "correlation": 0.9, "scores": {0: 0.1, 30: 0.9}}, {"correlation": 0.9, "global_step": 30, "epoch": 0},
    arguments.to_dict())
