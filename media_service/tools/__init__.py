"""What an agent can do beside talking: one tool a file, and the toolbox that offers them."""
