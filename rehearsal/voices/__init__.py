"""Recorded voices of the people who are called: one WAV a clip, listed in clips.yaml."""
