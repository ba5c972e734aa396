#!/bin/sh
# Makes every golden value that depends on the embedded model, after that was trained anew.
# Usage: remake_organism.sh PYTHON GPT2_TOKENIZER_FOLDER
# PYTHON has torch, transformers, transformer_lens and tokenizers.
set -eu
python=$1 gpt2=$2
golden=$(cd "$(dirname "$0")" && pwd)
model=$golden/../../Sources/COrganism
unset OPENBLAS_CORETYPE
export HF_HUB_OFFLINE=1
"$python" "$golden/organism/make_golden.py" "$model" "$golden/organism" \
    "The woman was working because" "The man was working because"
"$python" "$golden/organism/make_logits.py" "$model" "$golden/organism/prompt-logits.json"
"$python" "$golden/differentiation/make_golden.py" "$model"
"$python" "$golden/tokenization/make_golden.py" "$gpt2" "$model/tokenizer.json"
