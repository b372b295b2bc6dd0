"""``evaluate mcda``: anybody's decision, from a file to an explained order."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import evaluator as ev
from evaluator import cli
from evaluator.findings import ExitCode

SERVER = """\
title: Which server?
criteria:
  price: {weight: 0.3, direction: min, name: Price, unit: EUR}
  quality:
    weight: 0.7
    criteria:
      speed: {weight: 0.5, direction: max}
      comfort: {weight: 1.5, direction: max}
alternatives:
  A: {price: 100, speed: [3, 5], comfort: {value: 4, low: 3, high: 5}}
  B: {price: 120, speed: 6, comfort: 5}
  C: {price: 90, speed: 2, comfort: 1}
draws: 200
"""


class Result(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)


def command(arguments: list[str]) -> int:
    return cli.guarded(lambda: cli.app(arguments, prog_name="evaluate", standalone_mode=False))


Mcda = Callable[..., Result]


@pytest.fixture
def mcda(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Mcda:
    """Writes a decision file, and runs the command on it in an otherwise empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def run(text: str, *arguments: str, name: str = "d.yml") -> Result:
        (tmp_path / name).write_text(text)
        code = command(["mcda", name, *arguments])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return Result(code, out, err)

    return run


def table(rows: dict[str, Any], directions: str, weights: str = "") -> str:
    """A file of criteria c0, c1, … from values by alternative and directions such as ``<>``."""
    given = weights.split() or ["1"] * len(directions)
    data: dict[str, Any] = {
        "criteria": {
            f"c{j}": {"weight": float(given[j]), "direction": "max" if d == ">" else "min"}
            for j, d in enumerate(directions)
        },
        "alternatives": {
            name: {f"c{j}": v for j, v in enumerate(row)} for name, row in rows.items()
        },
        "draws": 200,
    }
    return json.dumps(data)


# --- answers --------------------------------------------------------------------------------


def test_default_methods_agree_and_say_how_sure_they_are(mcda: Mcda) -> None:
    code, out, err = mcda(SERVER, "--format", "json")
    assert (code, err) == (0, "")
    data = json.loads(out)
    assert list(data["methods"]) == [
        "topsis", "vikor", "saw", "weighted_product", "promethee_ii", "copras", "edas",
    ]  # fmt: skip
    assert data["winner"] == "B"
    assert data["consensus"]["ranks"] == {"A": 2, "B": 1, "C": 3}
    assert data["methods"]["vikor"]["best"] == "min"
    vikor = data["methods"]["vikor"]
    assert vikor["ranks"][min(vikor["scores"], key=vikor["scores"].get)] == 1
    assert sum(data["smaa"]["rank_acceptability"]["A"]) == pytest.approx(1)
    assert data["smaa"]["draws"] == 200
    assert data["robustness"]["typed_weights"]["first_rank_probability"]["B"] > 0.9
    assert data["robustness"]["stability"]["leader"] == "B"
    assert data["summary"].startswith("B comes first by the consensus of 7 methods; 6 of the 7")


def test_weights_of_a_group_are_shared_out_inside_it(mcda: Mcda) -> None:
    data = mcda(SERVER, "--method", "topsis", "--format", "json").data
    assert data["weights"] == pytest.approx({"price": 0.3, "speed": 0.175, "comfort": 0.525})
    assert data["criteria"]["comfort"]["path"] == pytest.approx({"quality": 0.7, "comfort": 0.75})


def test_a_method_of_the_command_line_keeps_the_parameters_of_the_file(mcda: Mcda) -> None:
    text = SERVER + "methods: {vikor: {v: 1}, topsis: {}}\n"
    alone = mcda(text, "--method", "VIKOR", "--format", "json").data["methods"]
    both = mcda(text, "--format", "json").data["methods"]
    assert list(alone) == ["VIKOR"]
    assert alone["VIKOR"] == both["vikor"]
    other = mcda(SERVER, "--method", "vikor", "--format", "json").data["methods"]
    assert other["vikor"]["scores"] != both["vikor"]["scores"]


def test_all_methods_answer_or_say_why_not(mcda: Mcda) -> None:
    code, out, _ = mcda(SERVER, "--method", "all", "--format", "json")
    methods = json.loads(out)["methods"]
    assert code == 0
    assert len(methods) >= 12
    for answer in methods.values():
        assert len(answer.get("scores", {})) == 3 or answer["refused"]
    assert "weighted_sum" in [name for name, answer in methods.items() if "refused" in answer]


def test_same_file_same_bytes_and_another_seed_other_draws(mcda: Mcda) -> None:
    one, two = (mcda(SERVER, "--format", "json").out for _ in range(2))
    assert one == two
    other = mcda(SERVER, "--format", "json", "--seed", "7", "--draws", "300").data
    assert (other["seed"], other["smaa"]["draws"]) == (7, 300)
    assert other["smaa"] != json.loads(one)["smaa"]
    assert other["methods"] == json.loads(one)["methods"]


def test_weights_can_be_taken_from_the_table(mcda: Mcda) -> None:
    text = SERVER.replace("weight: 0.3, ", "")
    assert "[missing-weight] criterion 'price' has no weight" in mcda(text).err
    data = mcda(text, "--weights", "equal", "--format", "json").data
    assert data["weights"] == pytest.approx(dict.fromkeys(data["weights"], 1 / 3))
    assert data["weights_by"] == "equal"


def test_stakeholders_decide_together_and_one_dissents(mcda: Mcda) -> None:
    people = (
        "stakeholders:\n"
        "  users: {weights: {speed: 1, comfort: 1}, share: 3}\n"
        "  treasurer: {weights: {price: 1}}\n"
    )
    data = mcda(SERVER + people, "--format", "json").data
    assert [o["winners"] for o in data["group"]["opinions"]] == [["B"], ["C"]]
    assert [d["name"] for d in data["group"]["minority"]] == ["treasurer"]
    assert any(note.startswith("users gives no weight to price") for note in data["notes"])
    untyped = "\n".join(
        line.replace("weight: 0.3, ", "").replace("weight: 0.5, ", "").replace("weight: 1.5, ", "")
        for line in (SERVER + people).splitlines()
        if line != "    weight: 0.7"
    )
    shared = mcda(untyped, "--format", "json").data["weights"]
    assert shared == pytest.approx({"price": 0.25, "speed": 0.375, "comfort": 0.375})


def test_ahp_weighs_and_measures_by_judgements_alone(mcda: Mcda) -> None:
    text = """\
criteria: {taste: {direction: max}, price: {direction: min}}
alternatives: {tea: {}, coffee: {}}
methods:
  ahp:
    criteria: {taste: {price: 3}}
    alternatives:
      taste: {coffee: {tea: 4}}
      price: {tea: {coffee: 2}}
  weighted_sum: {}
"""
    data = mcda(text, "--format", "json").data
    assert data["weights"] == pytest.approx({"taste": 0.75, "price": 0.25})
    assert data["methods"]["ahp"]["scores"]["coffee"] == pytest.approx(0.75 * 0.8 + 0.25 / 3)
    assert data["methods"]["weighted_sum"]["scores"] == pytest.approx(
        data["methods"]["ahp"]["scores"]
    )


@pytest.mark.parametrize("policy", ["interval", "impute", "penalise", "drop"])
def test_missing_values_follow_the_stated_policy(mcda: Mcda, policy: str) -> None:
    text = SERVER.replace("speed: 2, ", "") + f"missing: {policy}\n"
    data = mcda(text, "--format", "json").data
    ranked = set(data["consensus"]["ranks"])
    assert ranked == ({"A", "B"} if policy == "drop" else {"A", "B", "C"})
    assert data["removed"] == ({"C": "a value is missing"} if policy == "drop" else {})
    assert any("C" in note for note in data["notes"])


def test_filters_remove_with_a_reason(mcda: Mcda) -> None:
    data = mcda(SERVER + "filters: {price: {at_most: 110}}\n", "--format", "json").data
    assert list(data["consensus"]["ranks"]) == ["A", "C"]
    assert data["removed"] == {"B": "price is 120, above the most that is accepted, 110"}
    result = mcda(SERVER + "filters: {price: {at_most: 1}}\n")
    assert result.code == ExitCode.INVALID
    assert "d.yml:14:1: error [no-filters] the filters leave no alternative" in result.err


# --- forms ----------------------------------------------------------------------------------

TABLE = '''\
alternative,price,speed
direction,min,max
weight,0.3,0.7
unit,EUR,Mbit/s
A,100,3..5
B,120,
"x, ""y""",90,2
'''


def test_a_table_in_csv_is_the_same_decision(mcda: Mcda) -> None:
    yml = """\
criteria:
  price: {weight: 0.3, direction: min, unit: EUR}
  speed: {weight: 0.7, direction: max, unit: Mbit/s}
alternatives:
  A: {price: 100, speed: [3, 5]}
  B: {price: 120}
  'x, "y"': {price: 90, speed: 2}
"""
    assert mcda(TABLE, "--format", "json", name="d.csv").data == mcda(yml, "--format", "json").data


def test_csv_out_has_a_row_per_alternative(mcda: Mcda) -> None:
    out = mcda(TABLE, "--format", "csv", "--method", "topsis", name="d.csv").out
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [row["alternative"] for row in rows] == ["A", "B", 'x, "y"']
    assert list(rows[0])[1:] == [
        "rank", "mean_index", "first_rank_probability", "score topsis", "rank topsis",
    ]  # fmt: skip


@pytest.mark.parametrize("form", ["table", "md"])
def test_people_read_ranks_refusals_and_a_verdict(mcda: Mcda, form: str) -> None:
    code, out, err = mcda(
        SERVER, "--method", "topsis", "--method", "weighted_sum", "--format", form
    )
    assert (code, err) == (0, "")
    for words in ("Which server?", "topsis", "it adds values", "Verdict"):
        assert words in out.replace("\\_", "_")
    assert "B comes first by one method. With each weight varied by up to 50%" in out


def test_files_and_plots_are_written(mcda: Mcda, tmp_path: Path) -> None:
    code, out, _ = mcda(SERVER, "--out", "made")
    made = {path.name for path in (tmp_path / "made").iterdir()}
    plots = {f"{n}.{s}" for n in ("ranks", "acceptability", "weights", "tornado")
             for s in ("svg", "png")}  # fmt: skip
    assert code == 0
    assert made == {"decision.json", "ranks.csv", "scores.csv"} | plots
    assert out.count("wrote made/") == len(made)
    assert json.loads((tmp_path / "made/decision.json").read_text())["winner"] == "B"
    header = (tmp_path / "made/ranks.csv").read_text().splitlines()[0]
    assert header.startswith("alternative,rank,rank topsis,rank vikor")
    assert (tmp_path / "made/tornado.svg").read_text().startswith("<svg")
    assert (tmp_path / "made/tornado.png").read_bytes().startswith(b"\x89PNG")


HOSTILE = "=cmd|'/C calc'!A0 [bold]<script>$x^2$|&#1088;"


def test_hostile_names_stay_names(mcda: Mcda, tmp_path: Path) -> None:
    text = table({HOSTILE: [1, 2], "[red]b": [2, 1]}, "><")
    table_out = mcda(text).out
    assert HOSTILE[:5] in table_out
    assert "[red]b" in table_out
    rows = list(csv.reader(io.StringIO(mcda(text, "--format", "csv").out)))
    assert {row[0] for row in rows[1:]} == {f"'{HOSTILE}", "[red]b"}
    assert "<script>" not in mcda(text, "--format", "md", "--out", "o").out
    assert b"<script" not in (tmp_path / "o/ranks.svg").read_bytes()


# --- bad input ------------------------------------------------------------------------------

BAD = r"""criteria:
  price: {weight: -1, direction: down}
  speed: {weight: true, direction: max, nix: 3}
  quality:
    weight: 1
    criteria:
      speed: {direction: max}
  2015: {weight: 1, direction: min}
  none: {weight: 1}
alternatives:
  A: {price: .nan, speed: [5, 3]}
  "B\e[31m": {price: fast, spede: 3}
  C: {price: {value: 9, low: 3, high: 5}, speed: [1, 2, 3]}
  D: {price: {value: 9, lo: 3, high: 5}, speed: yes}
  E: {price: .inf, speed: true}
  F: 3
  G: {price: 1e300}
weights: foo
missing: guess
methods: [topsis, topsis]
filters: {price: {}, x: {at_most: 3}}
stakeholders: {a: {weights: {price: 0}, share: 0}}
draws: 1
"""


def test_every_mistake_is_reported_at_its_place_at_once(mcda: Mcda) -> None:
    code, out, err = mcda(BAD, "--format", "json")
    assert (code, out) == (ExitCode.INVALID, "")
    for says in (
        "d.yml:2:19: error [invalid-value] criteria.price.weight is -1",
        "d.yml:2:34: error [unknown-value] criteria.price.direction is 'down'",
        "d.yml:3:19: error [wrong-type] criteria.speed.weight is True",
        "d.yml:3:41: error [unknown-key] unknown key 'nix'",
        "d.yml:7:7: error [duplicate-name] criterion 'speed' is there twice, first in line 3",
        "d.yml:8:3: error [invalid-key]",
        "d.yml:9:3: error [invalid-value] criteria.none: direction is missing",
        "d.yml:11:14: error [invalid-value] alternatives.A.price is nan",
        "d.yml:11:27: error [invalid-value] alternatives.A.speed is [5, 3]",
        "low 5 is above high 3",
        "d.yml:12:3: error [invalid-key]",
        "alternatives.B\N{REPLACEMENT CHARACTER}[31m.price is 'fast'",
        "unknown criterion 'spede'",
        "did you mean 'speed'?",
        "value 9 lies outside its interval [3, 5]",
        "an interval has two ends, not 3",
        "it has no key 'lo'",
        "alternatives.D.speed is 'yes'",
        "alternatives.E.price is inf",
        "alternatives.E.speed is True",
        "alternatives.F is 3",
        "use a larger unit",
        "weights is 'foo'",
        "missing is 'guess'",
        "method 'topsis' is listed twice",
        "give at_least, at_most or both",
        "unknown criterion 'x' in filters",
        "all weights of stakeholders.a.weights are 0",
        "stakeholders.a.share is 0",
        "draws is 1",
    ):
        assert says in err, says
    assert "\x1b" not in err


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "[wrong-type] holds nothing"),
        ("- 1\n", "[wrong-type] holds list"),
        ("criteria: {}\nalternatives: {}\n", "[invalid-value] alternatives is {}"),
        ("criteria: {}\nalternatives: {}\n", "[invalid-value] criteria is {}"),
        (table({"A": [1, 2]}, "><", "0 0"), "[no-weight] all weights of criteria are 0"),
        (SERVER.replace("0.5,", "0,").replace("1.5,", "0,"), "criteria.quality.criteria are 0"),
        (SERVER + "methods: [topsys]\n", "d.yml:14:11: error [unknown-method] unknown method"),
        (SERVER + "methods: {vikor: {v: 2}}\n", "d.yml:14:22: error [method-parameter]"),
        (SERVER + "methods: {vikor: {w: 1}}\n", "vikor has no parameter 'w'; it has: v"),
        (SERVER + "methods: {vikor: 3}\n", "d.yml:14:18: error [wrong-type]"),
        (SERVER + "weights: merec\n" + "filters: {speed: {at_least: 9}}", "[no-filters]"),
        (table({"A": [0, 2], "B": [1, 1]}, "><") [:-1] + ', "weights": "merec"}', "[no-weights]"),
        (table({"A": [None, 2], "B": [None, 1]}, "><"), "[no-missing] nobody knows any value"),
        (table({"A": [None], "B": [1]}, ">")[:-1] + ', "missing": "drop", "filters": {"c0": '
         '{"at_least": 5}}}', "[no-filters]"),
        ("a: &x 1\nb: *x\n", "anchors and aliases"),
    ],
)  # fmt: skip
def test_what_cannot_be_decided_is_a_finding(mcda: Mcda, text: str, says: str) -> None:
    code, out, err = mcda(text, "--format", "json")
    assert (code, out) == (ExitCode.INVALID, "")
    assert says in err


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "d.csv:1:1: error [no-criterion] the table is empty"),
        ("alternative;price\nA;1\n", "a comma between cells"),
        ("alternative,p,p\ndirection,min,min\nA,1,2\n", "d.csv:1:15: error [duplicate-name]"),
        ("alternative,p\ndirection,min\nweight,1\nA,1\nA,2\n", "d.csv:5:1: error [duplicate"),
        ("alternative,p\ndirection,min\nweight,1\nA,1,5\n", "d.csv:4:5: error [too-many-cells]"),
        ("alternative,p\ndirection,min\nweight,1\nA,nan\n", "d.csv:4:3: error [invalid-value]"),
        ("alternative,p\ndirection,min\nweight,1\nA,5..3\n", "low 5 is above high 3"),
        ("alternative,p\ndirection,min\nweight,1\nA,fast\n", "alternatives.A.p is 'fast'"),
        ("alternative,p\ndirection,down\nweight,-1\nA,1\n", "d.csv:2:11: error [unknown-value]"),
        ("alternative,p\nweight,1\nA,1\n", "criteria.p: direction is missing"),
        ("alternative,p\ndirection,min\nA,1\n", "criterion 'p' has no weight"),
        ('alternative,p\ndirection,min\nweight,1\nA,"1"2\n', "d.csv:4:3: error [csv-syntax]"),
        ('alternative,p\ndirection,min\nweight,1\n"a\nb",1\n', "d.csv:4:1: error [invalid-key]"),
    ],
)
def test_a_bad_table_is_reported_at_its_cell(mcda: Mcda, text: str, says: str) -> None:
    code, out, err = mcda(text, "--format", "json", name="d.csv")
    assert (code, out) == (ExitCode.INVALID, "")
    assert says in err


def test_unreadable_files_and_wrong_options_are_usage_errors(mcda: Mcda, tmp_path: Path) -> None:
    assert mcda(SERVER, "--method", "topsys").err.startswith("error [unknown-method]")
    assert mcda(SERVER, "--draws", "1").code == ExitCode.INVALID
    assert mcda(SERVER, "--weights", "nix").code == ExitCode.INVALID
    (tmp_path / "big.yml").write_text("#" * 2_000_001)
    assert command(["mcda", "big.yml"]) == ExitCode.INVALID
    assert command(["mcda", "absent.yml"]) == ExitCode.INVALID


# --- odd input ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (table({"A": [1, 2]}, "><"), "only alternative"),
        (table({"A": [1], "B": [2]}, ">"), "only one criterion"),
        (table({"A": [1, 2], "B": [1, 2]}, "><"), "no method can tell them apart"),
        (table({"A": [1, 2], "B": [1, 3]}, ">>"), "c0 is equal for all alternatives"),
        (table({"A": [0, 0], "B": [0, 0]}, "><"), "no method can tell them apart"),
    ],
)
def test_an_odd_table_is_explained_by_each_method(mcda: Mcda, text: str, says: str) -> None:
    code, out, err = mcda(text, "--method", "all", "--format", "json")
    data = json.loads(out)
    answered = [m for m in data["methods"].values() if "scores" in m]
    assert code == (0 if answered else ExitCode.INVALID)
    assert all(m["refused"] for m in data["methods"].values() if "scores" not in m)
    assert any(says in note for note in data["notes"])
    assert bool(err) is not bool(answered)


def test_when_all_methods_refuse_each_says_why_and_how_to_mend_it(mcda: Mcda) -> None:
    code, out, err = mcda(SERVER, "--method", "weighted_sum", "--format", "json")
    assert code == ExitCode.INVALID
    assert json.loads(out)["methods"]["weighted_sum"]["refused"]
    assert "error [method-refused] weighted_sum: it adds values as typed" in err
    assert "scale: range" in err


@pytest.mark.parametrize("kind", ["yml", "csv"])
def test_ten_thousand_alternatives(mcda: Mcda, kind: str) -> None:
    rows = {f"a{i}": [i % 97 + 1, i % 89 + 2, i * i % 101 + 1] for i in range(10_000)}
    if kind == "csv":
        text = "alternative,x,y,z\ndirection,max,min,max\nweight,1,1,1\n" + "".join(
            f"{name},{','.join(map(str, row))}\n" for name, row in rows.items()
        )
    else:
        body = "".join(f"  {n}: {{x: {r[0]}, y: {r[1]}, z: {r[2]}}}\n" for n, r in rows.items())
        ends = {"x": "max", "y": "min", "z": "max"}
        heads = "".join(f"  {c}: {{weight: 1, direction: {d}}}\n" for c, d in ends.items())
        text = f"criteria:\n{heads}alternatives:\n{body}"
    arguments = ["--method", "saw", "--method", "electre_1", "--draws", "100", "--format", "json"]
    code, out, _ = mcda(text, *arguments, name=f"d.{kind}")
    data = json.loads(out)
    assert code == 0
    assert len(data["methods"]["saw"]["ranks"]) == 10_000
    assert "300" in data["methods"]["electre_1"]["refused"]
    assert len(data["smaa"]["rank_acceptability"]) == 200
    assert any("first 200 of 10000" in note for note in data["notes"])


def test_slow_methods_do_not_hold_up_the_simulations_of_a_large_table(mcda: Mcda) -> None:
    rows = {f"a{i}": [i % 97 + 1, i % 89 + 2] for i in range(2000)}
    asked = ("topsis", "probid", "simplified_probid", "codas", "promethee_ii")
    arguments = [a for name in asked for a in ("--method", name)]
    data = mcda(table(rows, "><"), *arguments, "--format", "json").data
    assert all("scores" in data["methods"][name] for name in asked)
    left_out = next(note for note in data["notes"] if "too many pairs" in note)
    assert all(name in left_out for name in asked[1:])
    assert data["smaa"]["outcome"] == "ok"


def test_draws_give_no_weight_to_what_was_typed_not_to_count(mcda: Mcda) -> None:
    rows = {"A": [1, 0, 0], "B": [0, 1, 0], "C": [0, 0, 1]}
    data = mcda(table(rows, ">>>", "1 1 0"), "--method", "saw", "--format", "json").data
    shares = data["smaa"]["rank_acceptability"]
    assert shares["C"][0] == 0
    assert shares["A"][0] + shares["B"][0] == pytest.approx(1)
    assert set(data["smaa"]["central_weights"]["A"]) == {"c0", "c1"}
    assert any("c2 of weight 0" in note for note in data["notes"])
    assert [i["criterion"] for i in data["robustness"]["stability"]["intervals"]] == [
        "c0", "c1", "c2",
    ]  # fmt: skip


def test_a_method_without_answer_inside_the_intervals_leaves_the_others_theirs(mcda: Mcda) -> None:
    rows = {"A": [[-2, 8], 3], "B": [2, 5], "C": [4, 1]}
    asked = ["--method", "topsis", "--method", "weighted_product", "--format", "json"]
    data = mcda(table(rows, ">>"), *asked).data
    assert data["methods"]["weighted_product"]["scores"]
    assert any("an end of its interval: weighted_product" in note for note in data["notes"])
    assert data["robustness"]["panel"] == ["topsis"]
    assert data["smaa"]["unanswered"] == 0


# --- anything -------------------------------------------------------------------------------

NAMES = st.sampled_from(["a", "b", "ä ö", "=x", "[b]", "x" * 201, "\u202e", "", "7", "price"])
NUMBERS = st.one_of(
    st.integers(-3, 5),
    st.sampled_from([0.0, -0.0, 1e-320, 1e99, -1e99, 1e308, 10**400, True, None, "fast", "1,5"]),
)
CELLS = st.one_of(
    NUMBERS,
    st.lists(NUMBERS, max_size=3),
    st.dictionaries(st.sampled_from(["value", "low", "high", "x"]), NUMBERS, max_size=3),
)
WEIGHTS = st.one_of(st.sampled_from([0, 1, 2, 0.5]), NUMBERS)
CRITERION = st.one_of(
    st.fixed_dictionaries({"weight": WEIGHTS, "direction": st.sampled_from(["min", "max"])}),
    st.dictionaries(st.sampled_from(["weight", "direction", "criteria", "x"]), CELLS, max_size=3),
    CELLS,
)
SOUND = st.integers(1, 3).flatmap(
    lambda m: st.fixed_dictionaries(
        {
            "criteria": st.fixed_dictionaries(
                {
                    f"c{j}": st.fixed_dictionaries(
                        {
                            "weight": st.sampled_from([0, 1, 2.5]),
                            "direction": st.sampled_from(["min", "max"]),
                        }
                    )
                    for j in range(m)
                }
            ),
            "alternatives": st.dictionaries(
                st.sampled_from(["a", "b", "ä ö", "=x", "[b]"]),
                st.fixed_dictionaries(
                    {
                        f"c{j}": st.sampled_from(
                            [0, 1, 2, 3.5, -1, -7, 1e99, 1e-99, None, [0, 1], [-5, 5], [2, 2]]
                        )
                        for j in range(m)
                    }
                ),
                min_size=1,
                max_size=5,
            ),
            "missing": st.sampled_from(["interval", "impute", "penalise", "drop"]),
            "weights": st.sampled_from(["typed", "equal", "std", "entropy", "critic", "rancom"]),
        }
    )
)
BROKEN = st.fixed_dictionaries(
    {},
    optional={
        "criteria": st.one_of(CELLS, st.dictionaries(NAMES, CRITERION, max_size=3)),
        "alternatives": st.one_of(
            CELLS, st.dictionaries(NAMES, st.dictionaries(NAMES, CELLS, max_size=3), max_size=3)
        ),
        "methods": st.one_of(CELLS, st.lists(NAMES), st.dictionaries(NAMES, CELLS, max_size=2)),
        "filters": st.dictionaries(NAMES, CELLS, max_size=2),
        "stakeholders": st.dictionaries(NAMES, st.one_of(CELLS, st.just({"weights": {"a": 1}}))),
        "judgements": CELLS,
        "weights": st.one_of(CELLS, st.just("critic")),
        "missing": CELLS,
        "title": CELLS,
        "draws": NUMBERS,
        "seed": NUMBERS,
    },
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.one_of(SOUND, BROKEN), everything=st.booleans())
def test_any_file_is_answered_or_refused_with_findings(
    mcda: Mcda, data: dict[str, Any], everything: bool
) -> None:
    if isinstance(data.get("draws"), type(None)) or data["draws"] not in (0, 1):
        data = {**data, "draws": 100}
    arguments = ["--method", "all"] if everything else []
    code, out, err = mcda(json.dumps(data), *arguments, "--format", "json")
    assert code in (ExitCode.OK, ExitCode.INVALID), err
    assert bool(err) is (code == ExitCode.INVALID)
    if out:
        json.loads(out, parse_constant=lambda text: pytest.fail(f"{text} in JSON"))
    assert out or "error [" in err


def test_decisions_of_notebooks_are_those_of_the_command(tmp_path: Path) -> None:
    place = tmp_path / "three.yml"
    place.write_text(
        "criteria: {price: {weight: 1, direction: min}, speed: {weight: 1, direction: max}}\n"
        "alternatives: {a: {price: 3, speed: 1}, b: {price: 1, speed: 3}, "
        "c: {price: 2, speed: 2}}\n",
        encoding="utf-8",
    )
    ranking = ev.decide(place, ["topsis", "vikor", "weighted_sum"]).ranking
    assert list(ranking.index) == ["b", "c", "a"]
    assert list(ranking.columns) == ["consensus", "topsis", "vikor"]  # one refuses to minimise
    assert ranking["topsis"].tolist() == [1, 2, 3]
