import os
from pathlib import Path

from headrace.utilities.filesystem import filename, is_local_path, relative_path_to_current_platform, tmpchdir, to_display_path
from headrace.utilities.math import bounded_poisson_interval, clamped_poisson_interval, exponential_cdf, lower_clamp_multiple, poisson_interval
from headrace.utilities.text import fuzzy_match_string, truncated_to

print(repr(truncated_to(10, "a" * 100)), repr(truncated_to(10, "short")), repr(truncated_to(10, None)), truncated_to(4, "abcdef"))
print(fuzzy_match_string("flwo", ["flow", "task"]), fuzzy_match_string("zzz", ["flow"]))
print(round(exponential_cdf(2, 4), 6), round(lower_clamp_multiple(1.3), 6), lower_clamp_multiple(60))
print(all(7 <= clamped_poisson_interval(10) <= 13 for _ in range(200)), clamped_poisson_interval(0))
print(all(2 <= bounded_poisson_interval(2, 5) <= 5 for _ in range(200)), poisson_interval(3) >= 0)
try:
    clamped_poisson_interval(10, 0)
except ValueError as error:
    print(error)
os.mkdir("inner")
Path("inner/file.txt").write_text("x")
before = os.getcwd()
with tmpchdir("inner"):
    print(Path.cwd().name, os.listdir())
with tmpchdir("inner/file.txt"):
    print(Path.cwd().name)
print(os.getcwd() == before)
print(filename("a/b.txt"), filename("memory://a/b.txt"), is_local_path("a/b"), is_local_path(Path("a")), is_local_path("memory://a"))
print(to_display_path("inner/file.txt"), to_display_path(Path("inner/file.txt"), "inner"), relative_path_to_current_platform("a\\b/c"))
