#!/usr/bin/env python3
"""Writes statistics.json: what numpy and scipy say about fixed data, for StatisticsReferenceTests.swift.

    python3 Tests/LabCoreTests/Fixtures/statistics.py

Made with scipy 1.17.1 and numpy 2.4.6.
"""
import json
import pathlib

import numpy
from scipy import stats

rng = numpy.random.default_rng(20261124)
CASES = {
    "lognormal": numpy.exp(rng.normal(13, 0.25, 101)).round(),
    "even": rng.normal(1000, 50, 40).round(3),
    "ties": rng.integers(5, 12, 60).astype(float),
    "drifting": (rng.normal(100, 5, 75) + numpy.arange(75) * 0.3).round(4),
    "outliers": numpy.append(rng.normal(10, 0.5, 30), [25.0, 0.5, 14.5]).round(5),
    "mostly-equal": numpy.array([7.0] * 20 + [8.0, 9.0, 40.0]),
    "equal": numpy.full(12, 3.5),
    "small": numpy.array([3.0, 1.0, 2.0, 8.0, 5.0]),
}


def outliers(x):
    """Iglewicz & Hoaglin: |0.6745 (x - median) / MAD| > 3.5, the mean distance where the MAD is 0."""
    distance = numpy.abs(x - numpy.median(x))
    scale = stats.median_abs_deviation(x, scale="normal")
    if scale == 0:
        scale = numpy.sqrt(numpy.pi / 2) * distance.mean()
    return [] if scale == 0 else numpy.flatnonzero(distance / scale > 3.5).tolist()


cases = {}
for name, x in CASES.items():
    order = numpy.arange(len(x), dtype=float)
    tau, p = (0.0, 1.0) if numpy.ptp(x) == 0 else stats.kendalltau(order, x, method="asymptotic")
    line = stats.theilslopes(x, order, 0.95)
    cases[name] = {
        "values": x.tolist(),
        "median": float(numpy.median(x)),
        "mad": float(stats.median_abs_deviation(x)),
        "madNormal": float(stats.median_abs_deviation(x, scale="normal")),
        "quantiles": {str(q): float(numpy.quantile(x, q)) for q in (0, 0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 1)},
        "outliers": outliers(x),
        "tau": float(tau),
        "tauP": float(p),
        "slope": float(line.slope),
        "intercept": float(line.intercept),
        "slopeInterval": [float(line.low_slope), float(line.high_slope)],
    }

out = {
    "cases": cases,
    "student": {str(f): float(stats.t.ppf(0.975, f)) for f in (1, 1.5, 2, 3.3, 4, 4.6, 5, 7.5, 9, 19, 60, 1e6)},
}
path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps(out, indent=1) + "\n")
