"""A small table of tickets to work on."""

BILLING = [
    "charged twice",
    "wrong amount on my invoice",
    "refund my payment",
    "the bill is too high",
    "invoice missing",
]
FRAUD = ["card was stolen", "somebody used my card", "unknown withdrawal", "I lost my card", "suspicious transaction"]


def tickets(count, *, labelled=True):
    """Rows of (text, label)."""
    rows = []
    for number in range(count):
        kind, texts = (("billing", BILLING), ("fraud", FRAUD))[number % 2]
        rows.append((f"{texts[number // 2 % 5]} {number}", kind if labelled else ""))
    return rows


def write_table(path, rows):
    path.write_text("text,team\n" + "".join(f"{text},{label}\n" for text, label in rows))
    return path
