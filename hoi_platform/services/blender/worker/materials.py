"""Surfaces of the scene: all procedural, colors in linear RGB."""

from typing import Any

import bpy

COLOR_ATTRIBUTE = "Col"


class Surface:
    """A Principled material with helpers to wire its nodes."""

    def __init__(self, name: str, roughness: float) -> None:
        self.material = bpy.data.materials.new(name)
        self.material.use_nodes = True
        self.nodes, self.links = self.material.node_tree.nodes, self.material.node_tree.links
        self.shader = self.nodes["Principled BSDF"]
        self.shader.inputs["Roughness"].default_value = roughness

    def node(self, kind: str, **values: Any) -> Any:
        """Add a node; keywords set its input sockets."""
        node = self.nodes.new(kind)
        for socket, value in values.items():
            node.inputs[socket].default_value = value
        return node

    def color_from(self, output: Any) -> None:
        self.links.new(output, self.shader.inputs["Base Color"])

    def attribute(self) -> Any:
        """The color stored with the mesh."""
        node = self.node("ShaderNodeVertexColor")
        node.layer_name = COLOR_ATTRIBUTE
        return node.outputs["Color"]

    def stretched(self, scale: tuple[float, float, float]) -> Any:
        """World coordinates times ``scale``."""
        position = self.node("ShaderNodeNewGeometry")
        mapping = self.node("ShaderNodeMapping")
        mapping.inputs["Scale"].default_value = scale
        self.links.new(position.outputs["Position"], mapping.inputs["Vector"])
        return mapping.outputs["Vector"]

    def noise(self, vector: Any, low: float, high: float, **values: Any) -> Any:
        """Noise mapped to a gray between ``low`` and ``high``."""
        noise = self.node("ShaderNodeTexNoise", **values)
        self.links.new(vector, noise.inputs["Vector"])
        ramp = self.node("ShaderNodeMapRange")
        for socket, value in (
            ("From Min", 0.3),
            ("From Max", 0.7),
            ("To Min", low),
            ("To Max", high),
        ):
            ramp.inputs[socket].default_value = value
        self.links.new(noise.outputs["Fac"], ramp.inputs["Value"])
        return ramp.outputs["Result"]

    def times(self, color: Any, gray: Any) -> Any:
        """The product of a color and a gray."""
        mix = self.nodes.new("ShaderNodeVectorMath")
        mix.operation = "MULTIPLY"
        self.links.new(color, mix.inputs[0])
        self.links.new(gray, mix.inputs[1])
        return mix.outputs["Vector"]


def vertex_colored(name: str, roughness: float = 0.6) -> Any:
    """Colors as stored with the mesh."""
    surface = Surface(name, roughness)
    surface.color_from(surface.attribute())
    return surface.material


def plain(name: str, color: tuple[float, ...], roughness: float = 0.8) -> Any:
    """One color."""
    surface = Surface(name, roughness)
    surface.shader.inputs["Base Color"].default_value = (*color, 1.0)
    return surface.material


def wood(name: str, stretch: tuple[float, float, float]) -> Any:
    """The mesh's colors with a grain along the axis of the least ``stretch``."""
    surface = Surface(name, 0.45)
    grain = surface.noise(surface.stretched(stretch), 0.72, 1.15, Scale=3.0, Detail=3.0)
    surface.color_from(surface.times(surface.attribute(), grain))
    return surface.material


def canvas(name: str) -> Any:
    """An abstract painting: colored cells around the mesh's color."""
    surface = Surface(name, 0.7)
    cells = surface.node("ShaderNodeTexVoronoi", Scale=5.0)
    surface.links.new(surface.stretched((1.0, 1.0, 1.4)), cells.inputs["Vector"])
    mix = surface.node("ShaderNodeMix")
    mix.data_type = "RGBA"
    mix.inputs["Factor"].default_value = 0.45
    surface.links.new(surface.attribute(), mix.inputs["A"])
    surface.links.new(cells.outputs["Color"], mix.inputs["B"])
    surface.color_from(mix.outputs["Result"])
    return surface.material


def planks(color: tuple[float, ...]) -> Any:
    """Floor boards 1.2 m long and 14 cm wide."""
    surface = Surface("floor", 0.38)
    bricks = surface.node("ShaderNodeTexBrick", Scale=1.0, Bias=0.0)
    bricks.offset = 0.37
    for socket, value in (("Mortar Size", 0.003), ("Brick Width", 1.2), ("Row Height", 0.14)):
        bricks.inputs[socket].default_value = value
    for socket, factor in (("Color1", 0.82), ("Color2", 1.18), ("Mortar", 0.35)):
        bricks.inputs[socket].default_value = (*(factor * c for c in color), 1.0)
    surface.links.new(surface.stretched((1.0, 1.0, 1.0)), bricks.inputs["Vector"])
    grain = surface.noise(surface.stretched((2.0, 22.0, 1.0)), 0.82, 1.12, Scale=2.0, Detail=4.0)
    surface.color_from(surface.times(bricks.outputs["Color"], grain))
    return surface.material


def paint(color: tuple[float, ...]) -> Any:
    """A wall that is not quite even."""
    surface = Surface("wall", 0.9)
    value = surface.node("ShaderNodeRGB")
    value.outputs["Color"].default_value = (*color, 1.0)
    cloud = surface.noise(surface.stretched((1.0, 1.0, 1.0)), 0.94, 1.05, Scale=1.3, Detail=5.0)
    surface.color_from(surface.times(value.outputs["Color"], cloud))
    return surface.material
