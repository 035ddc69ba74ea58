"""The CDK app: ``cdk deploy -c env=prod -c set.DIALOUT_SEATS_PER_TASK=20``."""

import sys

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from infra.context import Context, ContextError
from infra.function_bundle import FunctionBundle
from infra.stack import DialoutStack


def main() -> None:
    """Synthesize the stack that the context asks for."""
    app = App()
    try:
        context = Context.of(app.node.get_all_context())
    except ContextError as error:
        sys.exit(f"dialout: {error}")
    DialoutStack(app, context, FunctionBundle(context.arch, context.python).code())
    if context.checked:
        Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    app.synth()


if __name__ == "__main__":
    main()
