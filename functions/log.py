"""The functions' logger: static sentences with fields. Numbers masked, no transcripts."""

from aws_lambda_powertools import Logger

logger = Logger()
