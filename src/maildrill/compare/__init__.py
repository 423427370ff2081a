"""Comparing finished drills of several clusters. Pure: reads folders of drills, touches no container."""
