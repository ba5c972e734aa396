"""Words in the gaps of texts as masked models' tokenizers have them: what is to be predicted where.

    HF_HUB_OFFLINE=1 PYTHON make_gaps.py

Reads ../wordpiece/{roberta,uncased,cased}.json and writes gaps.json. For the byte-level tokenizer the labels are the tokens that
the library finds where the word stands in the filled text, and the input is the same text with masks in their places; for
WordPiece input and labels are those of the Python package (gradiend 0.2.3), where it can make them: one gap, or one token.
"""
import json, pathlib
from types import SimpleNamespace
from transformers import PreTrainedTokenizerFast
from gradiend.trainer.text.prediction.dataset import TextBatchedDataset

here = pathlib.Path(__file__).parent
GAP = "[MASK]"
CASES = [(text, word) for word in ["she", "he", "doctor", "walked", "unbelievably", "xylophone"] for text in [
    "The doctor said that [MASK] was tired.", "[MASK] was walking to the mountains.", "He said ([MASK]) that the nurse left.",
    "The man was sleeping [MASK]", "a [MASK], and a [MASK] were walking", "[MASK] said that [MASK] was tired."]]


def natural(tokenizer, masked, word):
    text, spans = "", []
    pieces = masked.split(GAP)
    for piece in pieces[:-1]:
        text += piece
        spans.append((len(text), len(text) + len(word)))
        text += word
    text += pieces[-1]
    encoded = tokenizer(text, return_offsets_mapping=True)
    ids, offsets = list(encoded["input_ids"]), encoded["offset_mapping"]
    places = {i for i, (first, last) in enumerate(offsets) if any(first < end and last > start for start, end in spans)}
    # The space of a word that the vocabulary has no beginning of is a token of its own, and the mask token takes spaces.
    places |= {i - 1 for i in places if ids[i - 1] == tokenizer.convert_tokens_to_ids("\u0120")}
    labels = [[i, ids[i]] for i in sorted(places)]
    for i in places:
        ids[i] = tokenizer.mask_token_id
    return ids, labels


def package(tokenizer, masked, word):
    maker = SimpleNamespace(tokenizer=tokenizer, mask_token=tokenizer.mask_token, max_length=64)
    item = TextBatchedDataset._create_item(maker, masked, word)
    count = int(item["attention_mask"].sum())
    return item["input_ids"][:count].tolist(), [[i, int(t)] for i, t in enumerate(item["labels"]) if t >= 0]


golden = {}
for name in ("roberta", "uncased", "cased"):
    isBPE = name == "roberta"
    special = dict(zip(("cls_token", "pad_token", "sep_token", "unk_token", "mask_token"), ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
                       if isBPE else ("[CLS]", "[PAD]", "[SEP]", "[UNK]", "[MASK]")))
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(here.parent / f"wordpiece/{name}.json"), **special)
    golden[name] = []
    for masked, word in CASES:
        pieces = tokenizer(word, add_special_tokens=False)["input_ids"]
        if not isBPE and (tokenizer.unk_token_id in pieces or len(pieces) > 1 and masked.count(GAP) > 1):
            continue
        ids, labels = (natural if isBPE else package)(tokenizer, masked, word)
        golden[name].append({"masked": masked, "word": word, "ids": ids, "labels": labels})
    print(name, len(golden[name]), max(len(c["labels"]) for c in golden[name]))
(here / "gaps.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
