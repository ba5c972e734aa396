"""Writes training.json: the vocabularies that the Python library `tokenizers` learns from a few texts.

Usage: python make_training.py

Made with tokenizers 0.23.3. The texts are seeded: sentences of invented words, and strings full of ties and overlaps.
"""

import json
import pathlib
import random

import tokenizers
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

END = "<|endoftext|>"
rng = random.Random(7)


def invented(words, length):
    """Sentences of words of syllables, frequent ones first."""
    syllables = ["ka", "lo", "mi", "ren", "tus", "eu", "\u00e9l", "st", "or", "\u4e2d", "a", "the"]
    lexicon = ["".join(rng.choices(syllables, k=rng.randint(1, 4))) for _ in range(words)]
    weights = [1 / (rank + 1) for rank in range(words)]
    text = ""
    for word in rng.choices(lexicon, weights, k=length):
        text += rng.choice([" ", " ", " ", " ", ", ", ".\n", "  ", "'s "]) + word
    return text


def learn(text, size, frequency):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=size - 1, min_frequency=frequency, show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator([text], trainer)
    model = json.loads(tokenizer.to_str())["model"]
    return {
        "text": text, "size": size, "frequency": frequency,
        "entries": sorted(model["vocab"], key=model["vocab"].get) + [END],
        "merges": [list(merge) for merge in model["merges"]],
    }


cases = [
    learn(invented(60, 900), 420, 2),
    learn(invented(200, 2500), 700, 3),
    learn("aaaa aaa aa a aaaaaaa abababab ababa bababa", 290, 1),
    learn("low low low low low lower lower newest newest newest newest newest newest widest widest widest", 300, 2),
    learn("", 300, 2),
]
path = pathlib.Path(__file__).parent / "training.json"
path.write_text(json.dumps({"tokenizers": tokenizers.__version__, "cases": cases}) + "\n")
print([(case["size"], len(case["entries"]), len(case["merges"])) for case in cases], path.stat().st_size)
