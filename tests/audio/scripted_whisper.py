"""A Whisper model of a few hundred kilobytes that "hears" the sentence it was given, made without any download.

Every weight is zero but these: the decoder's position encodings name the next token of the script, and, in dimensions of their own,
a place in time; the encoder's name the same places, so that the cross-attention points at where each token "was said", as a trained
model's does. So language detection, decoding, timestamps and the alignment of words all run as they do in production.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
from ctranslate2.specs import whisper_spec
from faster_whisper.tokenizer import _LANGUAGE_CODES
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

HALF = 16  # dimensions for the next token, and as many for the place in time
WIDTH, HEADS, POSITIONS, FRAMES, MELS = 2 * HALF, 2, 448, 1500, 80
FRAMES_A_TOKEN = 3  # of 20 ms: a letter
PROMPT = 1  # so few words make it a model of English alone: one token begins; then a timestamp, or the word that there are none


def build(folder: Path, text: str, *, language: str = "fr", silent: bool = False) -> Path:
    """`silent`: it says the words and calls them no speech, as Whisper does when it invents."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = _tokenizer()
    tokenizer.save(str(folder / "tokenizer.json"))
    tokens = _directions(tokenizer.get_vocab_size())
    ids = tokenizer.encode(text).ids
    number = tokenizer.token_to_id
    script = [number("<|nospeech|>" if silent else f"<|{language}|>"), *ids]
    script += [number(f"<|{min(30.0, len(ids) * FRAMES_A_TOKEN * 0.02):.2f}|>"), number("<|endoftext|>")]
    positions = np.zeros((POSITIONS, WIDTH), "f4")
    for place in range(POSITIONS):
        positions[place, :HALF] = tokens[script[min(place, len(script) - 1)]]
        positions[place, HALF:] = _time(FRAMES_A_TOKEN * (place - PROMPT))
    _save(folder, tokenizer, tokens, positions)
    (folder / "preprocessor_config.json").write_text(
        json.dumps({"feature_size": MELS, "sampling_rate": 16000, "hop_length": 160, "chunk_length": 30, "n_fft": 400})
    )
    return folder


def _tokenizer() -> Tokenizer:
    """A letter a token."""
    words = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = [("Ġ", "-"), ("Ġ", "'"), ("Ġ", "â")]  # so that a space alone is no beginning of a sign that Whisper suppresses
    words += [first + second for first, second in merges]
    tokenizer = Tokenizer(models.BPE(vocab={word: number for number, word in enumerate(words)}, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    named = [
        "endoftext",
        "startoftranscript",
        *_LANGUAGE_CODES,
        "translate",
        "transcribe",
        "startoflm",
        "startofprev",
        "nospeech",
        "notimestamps",
    ]
    tokenizer.add_special_tokens([AddedToken(f"<|{name}|>", special=True) for name in named])
    tokenizer.add_tokens([AddedToken(f"<|{step * 0.02:.2f}|>", special=False) for step in range(1501)])
    return tokenizer


def _directions(count: int) -> Any:
    """One a token, far from each other, of mean 0 and length 1, so that a layer's normalisation only scales them."""
    directions = np.random.default_rng(0).normal(size=(count, HALF))
    directions -= directions.mean(1, keepdims=True)
    return (directions / np.linalg.norm(directions, axis=1, keepdims=True)).astype("f4")


def _time(frame: int) -> Any:
    angles = 2 * np.pi * frame / np.array([4000, 1000, 250, 60])
    waves = np.concatenate([np.cos(angles), np.sin(angles)])
    return np.concatenate([waves, -waves]) / np.sqrt(8)


def _save(folder: Path, tokenizer: Tokenizer, tokens: Any, positions: Any) -> None:
    spec = whisper_spec.WhisperSpec(1, HEADS, 1, HEADS)
    encoder, decoder = spec.encoder, spec.decoder
    for convolution, inputs in ((encoder.conv1, MELS), (encoder.conv2, WIDTH)):
        convolution.weight, convolution.bias = np.zeros((WIDTH, inputs, 3), "f4"), np.zeros(WIDTH, "f4")
    places = np.zeros((FRAMES, WIDTH), "f4")
    places[:, HALF:] = [_time(frame) for frame in range(FRAMES)]
    encoder.position_encodings.encodings, decoder.position_encodings.encodings = places, positions
    for side in (encoder, decoder):
        _norm(side.layer_norm)
        _idle_attention(side.layer[0].self_attention)
        _norm(side.layer[0].ffn.layer_norm)
        _linear(side.layer[0].ffn.linear_0, 4 * WIDTH, WIDTH)
        _linear(side.layer[0].ffn.linear_1, WIDTH, 4 * WIDTH)
    _attention_to_time(decoder.layer[0].attention)
    decoder.embeddings.weight = np.zeros((len(tokens), WIDTH), "f4")
    decoder.projection.weight = np.concatenate([8 * tokens, np.zeros_like(tokens)], axis=1)
    spec.register_vocabulary([tokenizer.id_to_token(number) for number in range(len(tokens))])
    spec.config.suppress_ids, spec.config.suppress_ids_begin, spec.config.alignment_heads = [], [], [[0, 0]]
    spec.config.lang_ids = [tokenizer.token_to_id(f"<|{code}|>") for code in _LANGUAGE_CODES]
    spec.validate()
    spec.optimize(quantization=None)
    spec.save(str(folder))


def _norm(layer: Any) -> None:
    layer.gamma, layer.beta = np.ones(WIDTH, "f4"), np.zeros(WIDTH, "f4")


def _linear(layer: Any, outputs: int, inputs: int) -> None:
    layer.weight, layer.bias = np.zeros((outputs, inputs), "f4"), np.zeros(outputs, "f4")


def _idle_attention(attention: Any) -> None:
    _norm(attention.layer_norm)
    _linear(attention.linear[0], 3 * WIDTH, WIDTH)
    _linear(attention.linear[1], WIDTH, WIDTH)


def _attention_to_time(attention: Any) -> None:
    """Its first head compares places in time; what it sees changes nothing."""
    _norm(attention.layer_norm)
    _linear(attention.linear[0], WIDTH, WIDTH)
    _linear(attention.linear[1], 2 * WIDTH, WIDTH)
    _linear(attention.linear[2], WIDTH, WIDTH)
    for layer in (attention.linear[0], attention.linear[1]):
        layer.weight[:HALF, HALF:] = 3 * np.eye(HALF, dtype="f4")
