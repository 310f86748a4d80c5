"""Airflow DAGs, thin: they name stages, schedules and retries, and hold no logic."""
