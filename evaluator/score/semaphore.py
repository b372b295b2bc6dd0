"""The SME guide's semaphore: traffic lights over liveliness variables, per component.

Green, yellow and red for the sign of a slope and black for no newcomer are the source's; the
t-test that calls a slope zero, the number of silent years and all thresholds are ours and stand in
the criteria file.  Grey, a light that could not be lit, is ours too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evaluator.findings import EvaluationError, Finding
from evaluator.metrics import Measure, MetricTable, all_metrics
from evaluator.result import Colour, Light
from evaluator.result.daffara import Coverage, CoverageRow, UnlitLight
from evaluator.study.criteria import Semaphore
from evaluator.study.model import Study


def colour(semaphore: Semaphore, measure: Measure) -> Colour:
    """Colour of one light; grey when the measure is not ok."""
    if measure.outcome != "ok" or measure.value is None:
        return "grey"
    if semaphore.rule == "slope":
        return _slope_colour(semaphore, measure)
    sign = 1 if semaphore.direction == "min" else -1
    if sign * measure.value <= sign * float(semaphore.green or 0):
        return "green"
    return "yellow" if sign * measure.value <= sign * float(semaphore.yellow or 0) else "red"


def _slope_colour(semaphore: Semaphore, measure: Measure) -> Colour:
    if not measure.detail:
        raise EvaluationError(
            Finding(
                "semaphore-without-slope",
                f"semaphore {semaphore.id!r} asks for the slope of {semaphore.metric!r}",
                remedy="rule 'slope' needs a metric that is a slope; for others use 'threshold'",
            )
        )
    if measure.detail["silent_years"] >= float(semaphore.black_after_years or 0):
        return "black"
    if measure.detail["p"] >= float(semaphore.alpha or 0):
        return "yellow"
    return "green" if (measure.value or 0) > 0 else "red"


def candidate_lights(study: Study, table: MetricTable, candidate: str) -> list[Light]:
    """All lights of one candidate (not of a suite's parts)."""
    return [_light(s, candidate, table.get(candidate, s.metric)) for s in study.criteria.semaphores]


def _light(semaphore: Semaphore, candidate: str, measure: Measure) -> Light:
    lit = colour(semaphore, measure)
    tested = semaphore.rule == "slope" and lit != "grey"
    return Light(
        semaphore=semaphore.id,
        name=semaphore.name,
        candidate=candidate,
        colour=lit,
        mandatory=semaphore.mandatory,
        fails=semaphore.mandatory and lit in semaphore.fails_on,
        value=measure.value,
        n=measure.n,
        text=_tested(semaphore, measure)
        if tested
        else measure.note or _measured(semaphore, measure),
        metric=semaphore.metric,
    )


def _measured(semaphore: Semaphore, measure: Measure) -> str:
    """The bare figure, of a measure that has no more to say."""
    unit = all_metrics()[semaphore.metric].unit if semaphore.metric in all_metrics() else ""
    return "" if measure.value is None else f"{measure.value:g} {unit}".strip()


def dead_band(semaphore: Semaphore, measure: Measure) -> float:
    """Half-width around zero within which a slope counts as none: Student's t times its error."""
    from scipy.special import stdtrit

    quantile = float(stdtrit(measure.detail["degrees"], 1 - float(semaphore.alpha or 0) / 2))
    return quantile * measure.detail["error"]


def _tested(semaphore: Semaphore, measure: Measure) -> str:
    """The test behind a colour: slope, dead band, p and n, then the series itself."""
    unit = all_metrics()[semaphore.metric].unit
    series = measure.note.rpartition("; p = ")[0]
    return (
        f"slope {measure.value:+.3g} {unit}, zero within ±{dead_band(semaphore, measure):.3g} "
        f"(t-test, p = {measure.detail['p']:.3f}, level {semaphore.alpha:g}, "
        f"{measure.detail['periods']:.0f} periods, n = {measure.n}); {series}"
    )


def coverage(study: Study, lights: Mapping[str, Sequence[Light]], names: Sequence[str]) -> Coverage:
    """How many lights of these components could be lit, and why each grey one could not."""
    asked = {name: lights[name] for name in names}
    everyone = [light for row in asked.values() for light in row]
    semaphores = {
        s.id: (s.name, [light for light in everyone if light.semaphore == s.id])
        for s in study.criteria.semaphores
    }
    components = {name: (study.candidates[name].name, row) for name, row in asked.items()}
    return Coverage(
        semaphores=[_covered(key, *row) for key, row in semaphores.items()],
        components=[_covered(key, *row) for key, row in components.items()],
        unlit=[
            UnlitLight(semaphore=x.semaphore, candidate=x.candidate, reason=x.text or "no data")
            for x in everyone
            if x.colour == "grey"
        ],
    )


def _covered(key: str, name: str, lights: Sequence[Light]) -> CoverageRow:
    lit = sum(light.colour != "grey" for light in lights)
    return CoverageRow(id=key, name=name, lit=lit, asked=len(lights))


def share_of_lights(lights: list[Light]) -> tuple[float | None, float, float]:
    """Green counts 1, yellow ½, red and black 0: share over the lit, and its bounds.

    The bounds let every grey light be red or green.  Nothing lit: (None, 0, 1).
    """
    points = {"green": 1.0, "yellow": 0.5, "red": 0.0, "black": 0.0}
    lit = [points[light.colour] for light in lights if light.colour in points]
    if not lit:
        return None, 0.0, 1.0
    grey = len(lights) - len(lit)
    return sum(lit) / len(lit), sum(lit) / len(lights), (sum(lit) + grey) / len(lights)
