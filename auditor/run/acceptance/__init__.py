"""Which findings a team has accepted: the baseline applied to runs, and kept up to date."""
