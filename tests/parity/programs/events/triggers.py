from datetime import timedelta

from headrace.automations import Automation
from headrace.events import DeploymentEventTrigger, EventTrigger
from headrace.events.actions import CancelFlowRun, RunDeployment
from headrace.events.schemas.automations import Posture

trigger = EventTrigger(expect={"headrace.flow-run.Completed"}, posture=Posture.Reactive, threshold=2, within=timedelta(minutes=5))
print(trigger.expect, trigger.posture.value, trigger.threshold, trigger.within)
automation = Automation(name="parity", trigger=trigger, actions=[CancelFlowRun()])
print(automation.name, automation.enabled, automation.actions[0].type)
print(DeploymentEventTrigger(expect={"x"}).parameters)
