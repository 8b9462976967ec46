"""The known scene: rooms, tables, cameras, lights, procedural objects, performances."""
