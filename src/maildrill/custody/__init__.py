"""Who must clean up what: fault intents, the reaper, the sweep of dead owners."""
