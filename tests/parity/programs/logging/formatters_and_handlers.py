"""Logging."""
import logging, sys
from headrace import flow, task, get_run_logger
from headrace.logging import get_logger, disable_run_logger
from headrace.logging.loggers import flow_run_logger, task_run_logger, disable_logger, HeadraceLogAdapter, LogEavesdropper, get_run_logger as g2
from headrace.logging.handlers import APILogHandler, HeadraceConsoleHandler
from headrace.logging.formatters import JsonFormatter, HeadraceFormatter
print(get_logger().name, get_logger("x").name, get_logger("headrace.y").name)
l = get_logger("mine")
print(isinstance(l, logging.Logger), l.parent.name)
f = HeadraceFormatter(format="%(levelname)s|%(name)s|%(message)s", flow_run_fmt="%(levelname)s|flow %(flow_run_name)s|%(message)s", task_run_fmt="T|%(task_run_name)s|%(message)s")
r = logging.LogRecord("n", 20, "p", 1, "hi %s", ("x",), None)
print(f.format(r))
r2 = logging.LogRecord("headrace.flow_runs", 20, "p", 1, "hi", (), None); r2.flow_run_name = "fr"; r2.flow_name = "fl"
print(f.format(r2))
r3 = logging.LogRecord("headrace.task_runs", 20, "p", 1, "hi", (), None); r3.task_run_name = "tr"
print(f.format(r3))
import json
j = JsonFormatter("default", "%Y", "%")
d = json.loads(j.format(r))
print(sorted(d)[:6], d["message"] if "message" in d else d.get("msg"), d["name"], d["levelname"] if "levelname" in d else "")
class H(logging.Handler):
    def emit(self, rec):
        print(rec.levelname, rec.getMessage(), hasattr(rec, "flow_run_id"), getattr(rec, "flow_name", None), getattr(rec, "task_name", None))
h = H()
@task
def t():
    get_run_logger().warning("in task")
@flow
def fl():
    lg = get_run_logger()
    print(type(lg).__name__, lg.name if hasattr(lg, "name") else "", lg.logger.name, sorted(lg.extra))
    lg.logger.addHandler(h)
    lg.info("one %d", 1)
    lg.getChild("sub").info("child")
    try:
        1 / 0
    except ZeroDivisionError:
        lg.exception("boom")
    lg.log(15, "fifteen")
    with disable_logger("headrace.flow_runs"):
        lg.error("not shown")
    t()
fl()
try:
    get_run_logger()
except Exception as e:
    print(type(e).__name__, e)
with disable_run_logger():
    print(fl.fn.__name__, t.fn())
with LogEavesdropper("pbx", level=logging.INFO) as e:
    logging.getLogger("pbx").setLevel(10)
    logging.getLogger("pbx").info("heard")
    logging.getLogger("pbx.sub").debug("no")
    print(e.text())
print(flow_run_logger.__name__, isinstance(APILogHandler(), logging.Handler), isinstance(HeadraceConsoleHandler(), logging.StreamHandler))
