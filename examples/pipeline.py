"""Weather and flights: a pipeline over real data that shows most of what a flow can do.

    python examples/pipeline.py              # takes about ten seconds, so that it can be watched
    python examples/pipeline.py --pace 0     # as fast as it can

It reads a few years of Seattle's weather and a year of flights between US airports, checks the
rows, works on years and states in parallel, and reports the extremes. One download fails twice and
succeeds on its second retry, one task's result comes from the cache, and the report is a subflow.
`examples/data/README.md` says where the tables come from and how to check the result by hand.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import math
import time
from collections import Counter, defaultdict
from datetime import timedelta
from pathlib import Path
from typing import TypedDict

from headrace import flow, get_run_logger, task
from headrace.task_runners import ThreadPoolTaskRunner
from headrace.tasks import task_input_hash

DATA = Path(__file__).parent / "data"

Row = dict[str, str]


class Year(TypedDict):
    """What one year's weather comes to."""

    year: int
    millimetres: float
    hottest_day: str
    celsius: float


class Departures(TypedDict):
    """What one state's departures come to."""

    state: str
    flights: int
    airport: str
    airport_flights: int
    route: str
    route_flights: int


class Summary(TypedDict):
    """The figures that the pipeline is run for."""

    wettest_year: int
    millimetres: float
    hottest_day: str
    celsius: float
    airport: str
    airport_flights: int
    route: str
    route_flights: int
    flights: int


#: What the committed tables come to, found without headrace (see `examples/data/README.md`).
EXPECTED = Summary(
    wettest_year=2014,
    millimetres=1232.8,
    hottest_day="2014-08-11",
    celsius=35.6,
    airport="ATL",
    airport_flights=414_513,
    route="SFO to LAX",
    route_flights=13_788,
    flights=7_009_728,
)


def read_csv(path: str) -> list[Row]:
    """The rows of a CSV file with a header line."""
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@task(log_prints=True)
def read_table(path: str, pace: float) -> list[Row]:
    """Read one table from disk."""
    time.sleep(0.8 * pace)
    rows = read_csv(path)
    print(f"{len(rows):,} rows in {Path(path).name}")
    return rows


downloads = itertools.count(1)


@task(retries=3, retry_delay_seconds=0.5, log_prints=True)
def download_flights(path: str, pace: float) -> list[Row]:
    """Read the flights as if from a server that refuses its first two callers."""
    time.sleep(0.4 * pace)
    if next(downloads) <= 2:
        raise ConnectionError("the flight server is not up yet")
    rows = read_csv(path)
    print(f"{len(rows):,} routes downloaded")
    return rows


@task(cache_key_fn=task_input_hash, cache_expiration=timedelta(hours=1), log_prints=True)
def airport_directory(path: str) -> dict[str, Row]:
    """The airports by their code; the second call with the same path is answered by the cache."""
    print(f"reading the airports from {Path(path).name}")
    return {row["iata"]: row for row in read_csv(path)}


@task
def validate(table: str, rows: list[Row], numbers: list[str], pace: float) -> list[Row]:
    """The rows of a table in which every column of `numbers` is a number.

    Raises:
        ValueError: there is no such row.
    """
    time.sleep(0.4 * pace)
    sound = [row for row in rows if all(is_number(row.get(column, "")) for column in numbers)]
    if not sound:
        raise ValueError(f"{table} has no row with numbers in {', '.join(numbers)}")
    get_run_logger().info("%s: %d of %d rows are sound", table, len(sound), len(rows))
    return sound


def is_number(text: str | None) -> bool:
    """Whether a cell holds a finite number."""
    try:
        return math.isfinite(float(text or ""))
    except ValueError:
        return False


@task
def summarise_year(year: int, days: list[Row], pace: float) -> Year:
    """One year's precipitation and its hottest day."""
    time.sleep(1.0 * pace)
    hottest = max(days, key=lambda day: float(day["temp_max"]))
    summary = Year(
        year=year,
        millimetres=round(math.fsum(float(day["precipitation"]) for day in days), 1),
        hottest_day=hottest["date"],
        celsius=float(hottest["temp_max"]),
    )
    get_run_logger().info("%d: %.1f mm in %d days", year, summary["millimetres"], len(days))
    return summary


@task
def count_departures(state: str, routes: list[Row], pace: float) -> Departures:
    """One state's departures, its busiest airport and its busiest route."""
    time.sleep(0.4 * pace)
    by_airport: Counter[str] = Counter()
    for route in routes:
        by_airport[route["origin"]] += int(route["count"])
    airport, airport_flights = by_airport.most_common(1)[0]
    busiest = max(routes, key=lambda route: int(route["count"]))
    return Departures(
        state=state,
        flights=by_airport.total(),
        airport=airport,
        airport_flights=airport_flights,
        route=f"{busiest['origin']} to {busiest['destination']}",
        route_flights=int(busiest["count"]),
    )


@task
def find_extremes(years: list[Year], states: list[Departures]) -> Summary:
    """The wettest year, the hottest day, the busiest airport and the busiest route of all."""
    wettest = max(years, key=lambda year: year["millimetres"])
    hottest = max(years, key=lambda year: year["celsius"])
    airport = max(states, key=lambda state: state["airport_flights"])
    route = max(states, key=lambda state: state["route_flights"])
    return Summary(
        wettest_year=wettest["year"],
        millimetres=wettest["millimetres"],
        hottest_day=hottest["hottest_day"],
        celsius=hottest["celsius"],
        airport=airport["airport"],
        airport_flights=airport["airport_flights"],
        route=route["route"],
        route_flights=route["route_flights"],
        flights=sum(state["flights"] for state in states),
    )


@task
def describe(summary: Summary, directory: dict[str, Row], pace: float) -> list[str]:
    """The summary in words."""
    time.sleep(0.8 * pace)
    place = directory[summary["airport"]]
    return [
        f"Seattle's wettest year  {summary['wettest_year']}, {summary['millimetres']:.1f} mm",
        f"Seattle's hottest day   {summary['hottest_day']}, {summary['celsius']:.1f} °C",
        f"Busiest US airport      {summary['airport']} ({place['city']}, {place['state']}), "
        f"{summary['airport_flights']:,} departures",
        f"Busiest route           {summary['route']}, {summary['route_flights']:,} flights",
        f"Flights counted         {summary['flights']:,}",
    ]


@flow(name="Report", log_prints=True)
def report(summary: Summary, airports: str, pace: float) -> list[str]:
    """A subflow: the summary in words, with the airports' names from the cache."""
    lines = describe(summary, airport_directory(airports), pace)
    for line in lines:
        print(line)
    return lines


@flow(name="Weather and flights", task_runner=ThreadPoolTaskRunner(max_workers=4))
def weather_and_flights(data: str, pace: float = 0.0) -> tuple[Summary, list[str]]:
    """Extract, validate, transform in parallel, report.

    Args:
        data: the folder with the tables.
        pace: how much to dawdle; 0 is not at all, 1 makes about ten seconds.
    """
    logger = get_run_logger()
    airports = f"{data}/airports.csv"
    weather = read_table.submit(f"{data}/seattle-weather.csv", pace)
    flights = download_flights.submit(f"{data}/flights-airport.csv", pace)
    directory = airport_directory(airports)
    days = validate("weather", weather.result(), ["precipitation", "temp_max"], pace)
    routes = validate("flights", flights.result(), ["count"], pace)

    by_year: defaultdict[int, list[Row]] = defaultdict(list)
    for day in days:
        by_year[int(day["date"][:4])].append(day)
    by_state: defaultdict[str, list[Row]] = defaultdict(list)
    for route in routes:
        by_state[directory[route["origin"]]["state"]].append(route)
    logger.info("%d years and %d states to work on", len(by_year), len(by_state))

    years = [summarise_year.submit(year, days, pace) for year, days in sorted(by_year.items())]
    states = [count_departures.submit(state, rows, pace) for state, rows in by_state.items()]
    summary = find_extremes(
        [year.result() for year in years],
        [state.result() for state in states],
    )
    return summary, report(summary, airports, pace)


def main() -> int:
    """Run the pipeline and print what it found; 0 when that is what the tables hold."""
    parser = argparse.ArgumentParser(description="Weather and flights: the example pipeline.")
    parser.add_argument("--data", default=str(DATA), help="the folder with the tables")
    parser.add_argument("--pace", type=float, default=1.0, help="0: fast; 1: about ten seconds")
    options = parser.parse_args()
    summary, lines = weather_and_flights(options.data, options.pace)
    print("\n".join(lines))
    if summary != EXPECTED:
        print(f"The committed tables give other figures: {EXPECTED}")
        return 1
    print("These are the figures that the tables hold: see examples/data/README.md to check them.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
