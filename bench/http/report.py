# SPDX-License-Identifier: Apache-2.0
"""The tables of a run, as Markdown."""

import statistics

ROUNDS_LEAST = 5
TITLES = {"healthz": "Empty answer", "get": "Get", "list": "List of 50", "create": "Durable create"}


def _number(value):
    return f"{value:,.0f}"


def _spread(cell):
    """Lowest and highest of the samples, as per cent of the median."""
    values = [sample["per_second"] for sample in cell["samples"]]
    low, high = (100 * (value / cell["per_second"] - 1) for value in (min(values), max(values)))
    return f"{low:+.0f} {high:+.0f} %"


def _limit(result, cells, kind, connections):
    """What binds first: answering at all or, where nobody waits in company, the disk."""
    empty = cells["gateway", "healthz", connections]["per_second"]
    return min(empty, result["syncs_per_second"] * connections) if kind == "create" else empty


def _row(result, cells, kind, connections):
    ours = cells["gateway", kind, connections]
    columns = [f"{TITLES[kind]}, {connections}", f"{_number(ours['per_second'])} ({_spread(ours)})"]
    if kind == "healthz":
        columns.append("")
    else:
        limit = _limit(result, cells, kind, connections)
        columns.append(f"{ours['per_second'] / limit:.2f}")
    for side in result["sides"][1:]:
        other = cells[side["name"], kind, connections]
        ratio = ours["per_second"] / other["per_second"]
        columns.append(f"{_number(other['per_second'])} ({_spread(other)})")
        columns.append(f"{ratio:.2f}")
    p99_us = statistics.median(sample["p99_us"] for sample in ours["samples"])
    columns.append(f"{p99_us / 1000:.1f} ms")
    return columns


def _table(head, rows):
    return ["| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows]]


def _cpu_row(result, cells, kind, connections):
    values = [cells[side["name"], kind, connections]["cpu_us"] for side in result["sides"]]
    return [f"{TITLES[kind]}, {connections}", *(f"{value:.0f}" for value in values)]


def text(result):
    cells = {(c["side"], c["kind"], c["connections"]): c for c in result["cells"]}
    head = ["Requests a second, connections", result["sides"][0]["title"], "of its limit"]
    for side in result["sides"][1:]:
        head += [side["title"], "ours to it"]
    head.append("our p99")
    kinds = list(dict.fromkeys(cell["kind"] for cell in result["cells"]))
    keys = [(kind, connections) for kind in kinds for connections in result["connections"]]
    lines = _table(head, [_row(result, cells, *key) for key in keys])
    cpu_head = ["CPU of a request in us", *(side["title"] for side in result["sides"])]
    lines += ["", *_table(cpu_head, [_cpu_row(result, cells, *key) for key in keys])]
    machine = result["machine"]
    lines += [
        "",
        f"Medians of {result['rounds']} interleaved rounds of {result['seconds']} s, "
        f"{_number(result['contacts'])} contacts; {machine['processors']} processors "
        f"({machine['model']}), Node {machine['node']}, {machine['wrk']}, revision "
        f"{machine['revision']}.",
        "The limit is the gateway's own empty answer in the same run; of creates also the disk's "
        f"{_number(result['syncs_per_second'])} syncs a second times the connections.",
    ]
    if result["rounds"] < ROUNDS_LEAST:
        lines.append(f"A trial, no result: fewer than {ROUNDS_LEAST} rounds.")
    return "\n".join(lines)
