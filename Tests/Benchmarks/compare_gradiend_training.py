#!/usr/bin/env python3
"""Learning a feature from start to end: `probe gradiend-train` beside the Python package gradiend, one after the other.

    PYTHON compare_gradiend_training.py PROBE MODEL [--steps N] [--threads T]

MODEL is a Hugging Face folder of a causal model that both load; Sources/COrganism is the organism's. PYTHON has gradiend
and torch. Both learn from the rows that `probe gradiend-data` writes, with the same batches of 16, steps, evaluations,
rate and share of weights, one seed; each in a process of its own, whose seconds from start to end and peak memory count.
The package pads every text to 256 tokens; here it is told the model's number of positions where that is less.
"""
import os
os.environ.pop("OPENBLAS_CORETYPE", None)
os.environ["HF_HUB_OFFLINE"] = "1"
import argparse
import csv
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BATCH, EVERY, ROWS, RATE, KEEP = 16, 20, 200, 1e-4, 0.1


def run_package(options):
    import functools
    import pandas
    import torch
    from gradiend import PrePruneConfig, TextPredictionTrainer, TrainingArguments
    from gradiend.trainer.text.prediction import dataset
    from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast
    torch.set_num_threads(options.threads)
    folder = Path(options.out)
    table = pandas.read_csv(folder / "rows.csv").rename(columns={"factual_class": "label_class", "factual": "label"})
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=f"{options.model}/tokenizer.json")
    model = AutoModelForCausalLM.from_pretrained(options.model)
    length = min(256, model.config.n_positions)
    dataset.TextTrainingDataset.__init__ = functools.partialmethod(dataset.TextTrainingDataset.__init__, max_length=length)
    end = tokenizer.convert_ids_to_tokens(model.config.eos_token_id)
    tokenizer.add_special_tokens({"eos_token": end, "bos_token": end, "pad_token": end})
    tokenizer.model_max_length = model.config.n_positions
    tokenizer.save_pretrained(folder / "model")
    model.save_pretrained(folder / "model")
    arguments = TrainingArguments(
        experiment_dir=str(folder / "package"), train_batch_size=BATCH, max_steps=options.steps, eval_steps=EVERY,
        encoder_eval_max_size=ROWS, learning_rate=RATE, max_seeds=1, pre_prune_config=PrePruneConfig(topk=KEEP),
        eval_batch_size=BATCH)
    trainer = TextPredictionTrainer(str(folder / "model"), data=table, target_classes=["she", "he"], args=arguments)
    trainer.train()
    record = next((folder / "package").rglob("training.json"))
    print(json.dumps(json.loads(record.read_text()).get("best_score_checkpoint")))


def timed(line):
    """Seconds, peak megabytes and output of a process."""
    start = time.perf_counter()
    process = subprocess.Popen(line, stdout=subprocess.PIPE, text=True)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{line[0]} ended with status {status}")
    return time.perf_counter() - start, usage.ru_maxrss / 1024, output.strip().splitlines()[-1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("probe")
    parser.add_argument("model")
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.out:
        return run_package(options)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([options.probe, "gradiend-data", "--out", folder], check=True, stdout=subprocess.DEVNULL)
        with open(f"{folder}/rows.csv") as file:
            print(f"{sum(1 for _ in csv.DictReader(file))} rows, {options.steps} steps of {BATCH}, {options.threads} threads")
        ours = timed([options.probe, "gradiend-train", "--model", options.model, "--data", f"{folder}/rows.csv",
                      f"--steps={options.steps}", f"--batch-size={BATCH}", f"--evaluate-every={EVERY}",
                      f"--evaluation-rows={ROWS}", f"--learning-rate={RATE}", f"--keep={KEEP}", "--max-seeds=1",
                      f"--threads={options.threads}", "--quiet", "--out", f"{folder}/ours"])
        theirs = timed([sys.executable, __file__, options.probe, options.model, f"--steps={options.steps}",
                        f"--threads={options.threads}", "--out", folder])
    for name, (seconds, memory, last) in (("probe", ours), ("package", theirs)):
        print(f"{name:8} {seconds:7.1f} s {memory:6.0f} MB  {last}")
    print(f"{theirs[0] / ours[0]:.1f} times sooner, {ours[1] / theirs[1]:.2f} of the memory")


if __name__ == "__main__":
    main()
