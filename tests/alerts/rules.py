"""What check and mutants share: the rules, their tests, and what a PromQL expression names."""
import pathlib
import re

import yaml

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
ALERTS = ROOT / "alerts"

KEYWORDS = set("and or unless by without on ignoring group_left group_right bool offset".split())


def rules_of(path):
    """The rules of a file, in order, with the name of their group."""
    groups = yaml.safe_load(path.read_text())["groups"]
    return [(group["name"], rule) for group in groups for rule in group["rules"]]


def bare(expression):
    """The expression without strings, label matchers and ranges: they name no metric."""
    expression = re.sub(r'"(\\.|[^"\\])*"', '""', expression)
    return re.sub(r"\{[^}]*\}|\[[^\]]*\]", "", expression)


def metrics_of(expression):
    """The names of the metrics and records that an expression reads."""
    text = re.sub(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", " ",
                  bare(expression))
    names = re.findall(r"[A-Za-z_:][A-Za-z0-9_:]*(?!\s*\()\b", re.sub(r"\b\d\w*", " ", text))
    called = set(re.findall(r"([A-Za-z_]\w*)\s*\(", text))
    return {name for name in names if name not in KEYWORDS | called}


def test_files():
    return sorted(HERE.glob("*_test.yml"))


def tests_on(alert):
    """The tests, as text by file, that say something on the alert. (Read as YAML, 0x40 is 64.)"""
    found = {}
    for path in test_files():
        blocks = re.split(r"^(?=  - name:)", path.read_text(), flags=re.M)[1:]
        found[path] = [b for b in blocks if re.search(rf'alertname(: |="){alert}\b', b)]
    return {path: blocks for path, blocks in found.items() if blocks}
