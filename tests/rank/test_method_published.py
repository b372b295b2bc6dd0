"""Published examples of single methods, to the digits that their files claim."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from evaluator.rank.methods import find_method, judge, parameters_of
from evaluator.rank.problem import Problem

PUBLISHED = Path(__file__).parent / "published"
EXAMPLES = (
    "aras-balezentiene-kusta-2012",
    "cocoso-yazdani-2019",
    "codas-badi-2018",
    "codas-keshavarz-ghorabaee-2016-microclimate",
    "codas-keshavarz-ghorabaee-2016-robots",
    "copras-uysal-inan-2022",
    "electre-2-wang-triantaphyllou-2008",
    "electre-cebrian-porcar-2009",
    "ervd-shyur-2015",
    "mabac-pamucar-cirovic-2015",
    "mairca-gigovic-2016",
    "marcos-stevic-2020",
    "moora-kracka-2010",
    "moora-kundakci-2016",
    "ocra-isik-adali-2016",
    "probid-wang-2021",
    "ram-sotoudeh-anvari-2023",
    "simplified-probid-wang-2021",
    "spotis-dezert-2020-first",
    "spotis-dezert-2020-second",
    "vikor-opricovic-tzeng-2007-w1",
    "vikor-opricovic-tzeng-2007-w2",
    "vikor-opricovic-tzeng-2007-w3",
    "vikor-opricovic-tzeng-2007-w4",
    "waspas-chakraborty-2015",
)


def asked(name, method):
    """The judgement of one method on an example's file."""
    typed = yaml.safe_load((PUBLISHED / f"{name}.yml").read_text())
    criteria = typed["criteria"]
    problem = Problem.of(
        [[row[c] for c in criteria] for row in typed["alternatives"].values()],
        [c["weight"] for c in criteria.values()],
        [c["direction"] == "max" for c in criteria.values()],
        alternatives=list(typed["alternatives"]),
        criteria=list(criteria),
    )
    found = find_method(method)
    parameters, wrong = parameters_of(found, typed["methods"][method], problem)
    assert not wrong
    return problem, judge(problem, found, parameters)


@pytest.mark.parametrize("name", EXAMPLES)
def test_published_example_to_the_digits_that_it_claims(name):
    expected = json.loads((PUBLISHED / f"{name}.expected.json").read_text())
    assert expected["methods"]
    for method, values in expected["methods"].items():
        problem, judgement = asked(name, method)
        assert not judgement.refused
        scores = [values["scores"][a] for a in problem.alternatives]
        unit = 10 ** -expected["digits"]  # a printed number may be half of it away
        assert judgement.scores == pytest.approx(scores, rel=0, abs=0.5001 * unit)
        if "ranks" in values:
            assert judgement.ranks.tolist() == [values["ranks"][a] for a in problem.alternatives]


@pytest.mark.parametrize(
    ("weights", "c1", "chosen"),
    [
        ("w1", True, ["A5"]),
        ("w2", True, ["A5"]),
        ("w3", False, ["A5", "A3", "A6"]),
        ("w4", False, ["A3", "A5", "A6"]),
    ],
)
def test_vikor_compromise_sets_opricovic_tzeng_2007(weights, c1, chosen):
    _, judgement = asked(f"vikor-opricovic-tzeng-2007-{weights}", "vikor")
    assert judgement.detail["compromise"]["C1"] is c1
    assert judgement.detail["compromise"]["C2"] is True
    assert judgement.detail["compromise"]["set"] == chosen


def test_electre_1_cebrian_porcar_2009_concordance_and_discordance():
    """Tables of the paper, whose columns are divided by their sums."""
    _, judgement = asked("electre-cebrian-porcar-2009", "electre_1")
    concordance, discordance = (judgement.detail[k] for k in ("concordance", "discordance"))
    assert judgement.detail["kernel"] == ["A5"]
    assert concordance[4][:4] == pytest.approx([0.9, 0.7, 0.8, 0.9])
    assert concordance[0][0] is None
    assert discordance[0][1:] == pytest.approx([0.5052, 0.4042, 0.1883, 0.4286, 0.2825], abs=1e-3)
