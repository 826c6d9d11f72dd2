"""Known mistakes in the six optimizers: their equations, and what they remember between two updates."""

from textwrap import indent

from autograder.misconceptions import Misconception

ADAGRAD_H = "self.h[name] = self.h.get(name, self.eps) + g * g"
RMSPROP_H = "self.h[name] = self.rho * self.h.get(name, 0) + (1 - self.rho) * g * g"
RMSPROP_STEP = "params[name] -= self.learning_rate * g / (np.sqrt(self.h[name]) + self.eps)"
ADADELTA_H = "self.h[name] = h = self.rho * self.h.get(name, 0) + (1 - self.rho) * g * g"
ADADELTA_STEP = "step = -np.sqrt((self.s.get(name, 0) + self.eps) / (h + self.eps)) * g"
ADADELTA_S = "self.s[name] = self.rho * self.s.get(name, 0) + (1 - self.rho) * step * step"
ADAM_T = "self.t += 1"
ADAM_M = "self.m[name] = self.beta1 * self.m.get(name, 0) + (1 - self.beta1) * g"
ADAM_V = "self.v[name] = self.beta2 * self.v.get(name, 0) + (1 - self.beta2) * g * g"
ADAM_M_HAT = "m_hat = self.m[name] / (1 - self.beta1**self.t)"
ADAM_V_HAT = "v_hat = self.v[name] / (1 - self.beta2**self.t)"
ADAM_STEP = "params[name] -= self.learning_rate * m_hat / (np.sqrt(v_hat) + self.eps)"


def update(cls: str, *each: str, before: str = "", after: str = "return params") -> str:
    """An optimizer whose update runs the lines ``each`` for every name and its gradient g."""
    lines = ["for name, g in grads.items():", indent("\n".join(each), 4 * " ")]
    body = indent("\n".join([before, *lines, after]), 8 * " ")
    return f"class {cls}({cls}):\n    def update(self, params, grads):\n{body}\n"


def adadelta(h: str = ADADELTA_H, step: str = ADADELTA_STEP, s: str = ADADELTA_S) -> str:
    """AdaDelta written out, one line for each equation."""
    return update("AdaDelta", h, step, s, "params[name] += step")


def adam(
    *,
    t: str = ADAM_T,
    m: str = ADAM_M,
    v: str = ADAM_V,
    m_hat: str = ADAM_M_HAT,
    v_hat: str = ADAM_V_HAT,
    step: str = ADAM_STEP,
    after: str = "return params",
) -> str:
    """Adam written out, one line for each equation."""
    return update("Adam", m, v, m_hat, v_hat, step, before=t, after=after)


SIMPLE = (
    Misconception(
        name="SGD adds the gradient, and climbs",
        check="sgd_optimizer",
        hint="With a positive gradient the loss grows when the parameter grows. Which way do you want to go?",
        source=update("SGD", "params[name] += self.learning_rate * g"),
    ),
    Misconception(
        name="η is not used in SGD",
        check="sgd_optimizer",
        hint="Make one SGD with η = 0.1 and one with η = 0.2. How do their steps differ?",
        source=update("SGD", "params[name] -= g"),
    ),
    Misconception(
        name="η is a fixed number in SGD, not the one that the optimizer was given",
        check="sgd_optimizer",
        hint="Make one SGD with η = 0.1 and one with η = 0.2. How do their steps differ?",
        source=update("SGD", "params[name] -= 0.01 * g"),
    ),
    Misconception(
        name="SGD updates the gradients and not the parameters",
        check="sgd_optimizer",
        hint="Which of the two dicts should be different after the call? Print both.",
        source=update("SGD", "grads[name] = g - self.learning_rate * params[name]", after="return grads"),
    ),
    Misconception(
        name="SGD binds its loop variable anew, and the parameters in the dict stay as they were",
        check="sgd_optimizer",
        hint="After w = w - 1, w is a new array, and the dict still holds the old one. Where must the new one go?",
        source="""
class SGD(SGD):
    def update(self, params, grads):
        for name, w in params.items():
            w = w - self.learning_rate * grads[name]
        return params
""",
    ),
    Misconception(
        name="SGD returns nothing",
        check="sgd_optimizer",
        hint="The training loop says params = optimizer.update(params, grads). What is params after that?",
        source=update("SGD", "params[name] -= self.learning_rate * g", after=""),
    ),
    Misconception(
        name="SGD returns after the first parameter",
        check="sgd_optimizer",
        hint="Give it two parameters. Do both move? Look at how far the last line is indented.",
        source=update("SGD", "params[name] -= self.learning_rate * g", "return params"),
    ),
    Misconception(
        name="the last step of Momentum is never remembered",
        check="momentum_steps",
        hint="Print what your optimizer has stored after the first update. Is it the name that (39) reads at the "
        "second?",
        source=update(
            "Momentum",
            "step = self.momentum * self.step.get(name, 0) - self.learning_rate * g",
            "params[name] += step",
        ),
    ),
    Misconception(
        name="the gradient of Momentum is damped by 1 − α",
        check="momentum_steps",
        hint="Work the first step out with α = 0.9, η = 0.1, g = 2. (39) is not an average.",
        source=update(
            "Momentum",
            "last = self.step.get(name, 0)",
            "self.step[name] = self.momentum * last - (1 - self.momentum) * self.learning_rate * g",
            "params[name] += self.step[name]",
        ),
    ),
    Misconception(
        name="Momentum keeps a part of the last gradient, not of the last step",
        check="momentum_steps",
        hint="Follow one gradient through three steps with g = 2, then 0, then 0. (39) still rolls on at the "
        "third; does yours?",
        source=update(
            "Momentum",
            "last = self.step.get(name, 0)",
            "self.step[name] = -self.learning_rate * g",
            "params[name] += self.momentum * last + self.step[name]",
        ),
    ),
    Misconception(
        name="Momentum looks ahead, as Nesterov's method does",
        check="momentum_steps",
        hint="The step that you take is one α further than (40). Which ΔW does (40) add?",
        source=update(
            "Momentum",
            "self.step[name] = self.momentum * self.step.get(name, 0) - self.learning_rate * g",
            "params[name] += self.momentum * self.step[name] - self.learning_rate * g",
        ),
    ),
    Misconception(
        name="η is applied twice in Momentum",
        check="momentum_steps",
        hint="Work the first step out with η = 0.1 and g = 2. How often does η occur in (39) and (40)?",
        source=update(
            "Momentum",
            "self.step[name] = self.momentum * self.step.get(name, 0) - self.learning_rate * g",
            "params[name] += self.learning_rate * self.step[name]",
        ),
    ),
    Misconception(
        name="Momentum subtracts ΔW, and climbs",
        check="momentum_steps",
        hint="ΔW has its minus sign already. What do two of them make?",
        source=update(
            "Momentum",
            "self.step[name] = self.momentum * self.step.get(name, 0) - self.learning_rate * g",
            "params[name] -= self.step[name]",
        ),
    ),
    Misconception(
        name="the part of the last step is subtracted in Momentum, so that the ball is thrown back",
        check="momentum_steps",
        hint="With gradients 2 and 2 the second step should be longer than the first. Is yours? Check each sign "
        "in (39).",
        source=update(
            "Momentum",
            "self.step[name] = -self.momentum * self.step.get(name, 0) - self.learning_rate * g",
            "params[name] += self.step[name]",
        ),
    ),
    Misconception(
        name="α multiplies the gradient as well in Momentum",
        check="momentum_steps",
        hint="Work the first step out with α = 0.9, η = 0.1, g = 2. What does α multiply in (39)?",
        source=update(
            "Momentum",
            "self.step[name] = self.momentum * (self.step.get(name, 0) - self.learning_rate * g)",
            "params[name] += self.step[name]",
        ),
    ),
)

ADAPTIVE = (
    Misconception(
        name="AdaGrad divides by h, not by its root",
        check="adagrad_steps",
        hint="With g = 2 the first step should be η, whatever the gradient. Try g = 2 and g = 20.",
        source=update("AdaGrad", ADAGRAD_H, "params[name] -= self.learning_rate * g / self.h[name]"),
    ),
    Misconception(
        name="h of AdaGrad is made anew at every update (or stored under another name than it is read)",
        check="adagrad_steps",
        hint="Print h after each of the gradients 2, 2, −1. Section 3 has 4, 8, 9.",
        source=update(
            "AdaGrad", "h = self.eps + g * g", "params[name] -= self.learning_rate * g / np.sqrt(h)"
        ),
    ),
    Misconception(
        name="AdaGrad sums the gradients, not their squares",
        check="adagrad_steps",
        hint="What is your h after the gradient −1? A root must never meet a negative number.",
        source=update(
            "AdaGrad",
            "self.h[name] = self.h.get(name, self.eps) + g",
            "params[name] -= self.learning_rate * g / np.sqrt(self.h[name])",
        ),
    ),
    Misconception(
        name="AdaGrad has one h for all elements of a parameter",
        check="adagrad_steps",
        hint="Print the shape of h. Each single weight should have a rate of its own.",
        source=update(
            "AdaGrad",
            "self.h[name] = self.h.get(name, self.eps) + np.sum(g * g)",
            "params[name] -= self.learning_rate * g / np.sqrt(self.h[name])",
        ),
    ),
    Misconception(
        name="AdaGrad uses h before this step's g² is added",
        check="adagrad_steps",
        hint="The first step of AdaGrad is η. How long is yours, and what is in h at that moment? Mind the order of "
        "(41) and (42).",
        source=update(
            "AdaGrad",
            "h = self.h.get(name, self.eps)",
            "params[name] -= self.learning_rate * g / np.sqrt(h)",
            "self.h[name] = h + g * g",
        ),
    ),
    Misconception(
        name="AdaGrad divides the parameter too, (W − η g) / √h",
        check="adagrad_steps",
        hint="Take a gradient that is nearly 0, after some large ones. Where does the parameter go? See what the "
        "fraction in (42) covers.",
        source=update(
            "AdaGrad",
            ADAGRAD_H,
            "params[name] = (params[name] - self.learning_rate * g) / np.sqrt(self.h[name])",
        ),
    ),
    Misconception(
        name="AdaGrad takes the root of each square, and so sums the absolute values",
        check="adagrad_steps",
        hint="After g = 2 and g = 2 your denominator is 4, and that of (42) is √8. When is the root taken, before "
        "or after the sum?",
        source=update(
            "AdaGrad",
            "self.h[name] = self.h.get(name, 0) + np.sqrt(g * g)",
            "params[name] -= self.learning_rate * g / (self.h[name] + self.eps)",
        ),
    ),
    Misconception(
        name="η is divided by the root twice in AdaGrad, because the smaller rate is kept",
        check="adagrad_steps",
        hint="Print learning_rate after every update. (42) divides the same η each time; h alone remembers.",
        source="""
class AdaGrad(AdaGrad):
    def __init__(self, learning_rate=0.01, eps=1e-8):
        super().__init__(learning_rate, eps)
        self.rate = {}

    def update(self, params, grads):
        for name, g in grads.items():
            self.h[name] = self.h.get(name, self.eps) + g * g
            self.rate[name] = self.rate.get(name, self.learning_rate) / np.sqrt(self.h[name])
            params[name] -= self.rate[name] * g
        return params
""",
    ),
    Misconception(
        name="RMSProp sums the squares as AdaGrad does, ρ is not used",
        check="rmsprop_steps",
        hint="With g = 2 at every step h should come near to 4. Print it for ten steps.",
        source=update("RMSProp", "self.h[name] = self.h.get(name, 0) + g * g", RMSPROP_STEP),
    ),
    Misconception(
        name="ρ and 1 − ρ have changed places in RMSProp",
        check="rmsprop_steps",
        hint="With ρ = 0.9 and g = 2 the first h is 0.4. Which of the two weights belongs to the past?",
        source=update(
            "RMSProp",
            "self.h[name] = (1 - self.rho) * self.h.get(name, 0) + self.rho * g * g",
            RMSPROP_STEP,
        ),
    ),
    Misconception(
        name="the factor 1 − ρ is missing in RMSProp",
        check="rmsprop_steps",
        hint="With g = 2 at every step h should come near to 4. Which value does yours come near to?",
        source=update("RMSProp", "self.h[name] = self.rho * self.h.get(name, 0) + g * g", RMSPROP_STEP),
    ),
    Misconception(
        name="1 − ρ is squared together with g in RMSProp",
        check="rmsprop_steps",
        hint="With ρ = 0.9 and g = 2 the first h is 0.4. What is yours, and what does your square cover?",
        source=update(
            "RMSProp",
            "self.h[name] = self.rho * self.h.get(name, 0) + ((1 - self.rho) * g) ** 2",
            RMSPROP_STEP,
        ),
    ),
    Misconception(
        name="h of RMSProp starts at the first g², not at 0",
        check="rmsprop_steps",
        hint="With ρ = 0.9 and g = 2 the first h is 0.4 in section 4. What was h before?",
        source=update(
            "RMSProp",
            "self.h[name] = self.rho * self.h.get(name, g * g) + (1 - self.rho) * g * g",
            RMSPROP_STEP,
        ),
    ),
    Misconception(
        name="ρ is a fixed number in RMSProp, not the one that the optimizer was given",
        check="rmsprop_steps",
        hint="Make one RMSProp with rho=0.9 and one with rho=0.5, and compare their first steps.",
        source=update("RMSProp", "self.h[name] = 0.9 * self.h.get(name, 0) + 0.1 * g * g", RMSPROP_STEP),
    ),
    Misconception(
        name="RMSProp divides by h, not by its root",
        check="rmsprop_steps",
        hint="Make all gradients ten times as large: with (44) the steps stay the same. Do yours?",
        source=update(
            "RMSProp",
            RMSPROP_H,
            "params[name] -= self.learning_rate * g / (self.h[name] + self.eps)",
        ),
    ),
    Misconception(
        name="h of RMSProp is never stored (or under another name than it is read)",
        check="rmsprop_steps",
        hint="Print h after each of the gradients 2, 2, −1. Section 4 has 0.4, 0.76, 0.784.",
        source=update(
            "RMSProp",
            "h = self.rho * self.h.get(name, 0) + (1 - self.rho) * g * g",
            "params[name] -= self.learning_rate * g / (np.sqrt(h) + self.eps)",
        ),
    ),
    Misconception(
        name="RMSProp divides the parameter too, (W − η g) / √h",
        check="rmsprop_steps",
        hint="Take a gradient that is nearly 0, after some large ones. Where does the parameter go? See what the "
        "fraction in (44) covers.",
        source=update(
            "RMSProp",
            RMSPROP_H,
            "params[name] = (params[name] - self.learning_rate * g) / (np.sqrt(self.h[name]) + self.eps)",
        ),
    ),
    Misconception(
        name="s of AdaDelta averages the squared gradients, not the squared steps",
        check="adadelta_steps",
        hint="If s and h average the same thing, what is their ratio in (46)? Which quantity is squared in (47)?",
        source=adadelta(s="self.s[name] = self.rho * self.s.get(name, 0) + (1 - self.rho) * g * g"),
    ),
    Misconception(
        name="ε stands beside the roots of AdaDelta, not under them",
        check="adadelta_steps",
        hint="s is 0 at the first step. Compare √(0 + ε) with √0 + ε for ε = 10⁻⁶.",
        source=adadelta(
            step="step = -(np.sqrt(self.s.get(name, 0)) + self.eps) / (np.sqrt(h) + self.eps) * g"
        ),
    ),
    Misconception(
        name="the numerator of AdaDelta has no ε, so that it never starts",
        check="adadelta_steps",
        hint="s is 0 at first. How long is the first step then, what does (47) make of it, and how long is the "
        "second?",
        source=adadelta(step="step = -np.sqrt(self.s.get(name, 0) / (h + self.eps)) * g"),
    ),
    Misconception(
        name="AdaDelta has no roots",
        check="adadelta_steps",
        hint="With ρ = 0.95 and g = 2 the first step is −0.00447. What is yours, and what does (46) do with s + ε "
        "and h + ε?",
        source=adadelta(step="step = -(self.s.get(name, 0) + self.eps) / (h + self.eps) * g"),
    ),
    Misconception(
        name="s of AdaDelta is never updated",
        check="adadelta_steps",
        hint="Print s after every step. Which equation should change it, and is it stored under the name that (46) "
        "reads?",
        source=adadelta(s=""),
    ),
    Misconception(
        name="h of AdaDelta is never stored (or under another name than it is read)",
        check="adadelta_steps",
        hint="Print h after two steps with g = 2. Is there anything left of the first?",
        source=adadelta(h="h = self.rho * self.h.get(name, 0) + (1 - self.rho) * g * g"),
    ),
    Misconception(
        name="ρ and 1 − ρ have changed places in AdaDelta",
        check="adadelta_steps",
        hint="With ρ = 0.95 and g = 2 the first h is 0.2. Which of the two weights belongs to the past?",
        source=adadelta(
            h="self.h[name] = h = (1 - self.rho) * self.h.get(name, 0) + self.rho * g * g",
            s="self.s[name] = (1 - self.rho) * self.s.get(name, 0) + self.rho * step * step",
        ),
    ),
    Misconception(
        name="numerator and denominator of AdaDelta have changed places",
        check="adadelta_steps",
        hint="A large gradient should make a moderate step. How long is your first one with g = 2? See which root "
        "is below in (46).",
        source=adadelta(step="step = -np.sqrt((h + self.eps) / (self.s.get(name, 0) + self.eps)) * g"),
    ),
    Misconception(
        name="AdaDelta uses h before this step's g² has come in",
        check="adadelta_steps",
        hint="What is h at your first step, and what is the ratio in (46) then? Mind the order of (45) and (46).",
        source=adadelta(h="h = self.h.get(name, 0)\nself.h[name] = self.rho * h + (1 - self.rho) * g * g"),
    ),
    Misconception(
        name="the minus sign of AdaDelta is missing, and it climbs",
        check="adadelta_steps",
        hint="Give it a positive gradient and see which way the parameter goes. Which of (46) and (48) turns it "
        "round?",
        source=adadelta(step=ADADELTA_STEP.replace("-np", "np")),
    ),
)

ADAM = (
    Misconception(
        name="Adam has no bias correction",
        check="adam_steps",
        hint="The first step should be α. Print m and v after it: how large are they compared with g and g²?",
        source=adam(m_hat="m_hat = self.m[name]", v_hat="v_hat = self.v[name]"),
    ),
    Misconception(
        name="only m is corrected in Adam, v is not",
        check="adam_steps",
        hint="v starts at 0 just as m does. What is √v after the first step with g = 2, and what should √v̂ be?",
        source=adam(v_hat="v_hat = self.v[name]"),
    ),
    Misconception(
        name="t of Adam is 2 at the first step",
        check="adam_steps",
        hint="Print t in the first update. It starts at 0 and grows before (52) uses it: what is it then?",
        source=adam(t="self.t = max(self.t, 1) + 1"),
    ),
    Misconception(
        name="t of Adam is 0 at the first step, so that the correction divides by 0",
        check="adam_steps",
        hint="Print t and 1 − β₁ᵗ in the first update. Mind the order of (49) and (52).",
        source=adam(t="", after="self.t += 1\nreturn params"),
    ),
    Misconception(
        name="t of Adam grows with every parameter, not with every update",
        check="adam_steps",
        hint="Give it two parameters and print t after one update. How many steps has the optimizer taken?",
        source=adam(t="", m="self.t += 1\n" + ADAM_M),
    ),
    Misconception(
        name="t of Adam stays 1",
        check="adam_steps",
        hint="Print t in three updates. Where is it kept from one to the next?",
        source=adam(t="self.t = 1"),
    ),
    Misconception(
        name="β is multiplied by t in Adam's correction, not raised to its power",
        check="adam_steps",
        hint="At t = 1 the two are the same. What is your 1 − β₁ᵗ for β₁ = 0.9 and t = 2? And for t = 20?",
        source=adam(
            m_hat=ADAM_M_HAT.replace("**self", " * self"), v_hat=ADAM_V_HAT.replace("**self", " * self")
        ),
    ),
    Misconception(
        name="Adam stores the corrected averages in place of m and v",
        check="adam_steps",
        hint="With g = 2 at every step m̂ should stay 2. Print it: which value goes into (50) at the next step?",
        source=adam(
            m_hat="self.m[name] = m_hat = self.m[name] / (1 - self.beta1**self.t)",
            v_hat="self.v[name] = v_hat = self.v[name] / (1 - self.beta2**self.t)",
        ),
    ),
    Misconception(
        name="β₁ and β₂ have changed places in Adam",
        check="adam_steps",
        hint="Which of the two averages remembers longer, that of g or that of g²? Compare with the default values.",
        source="""
class Adam(Adam):
    def __init__(self, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
        super().__init__(learning_rate, beta1=beta2, beta2=beta1, eps=eps)
""",
    ),
    Misconception(
        name="Adam divides by v̂, not by its root",
        check="adam_steps",
        hint="Make all gradients ten times as large: with (54) the steps stay the same. Do yours?",
        source=adam(step="params[name] -= self.learning_rate * m_hat / (v_hat + self.eps)"),
    ),
    Misconception(
        name="v of Adam averages m², not g²",
        check="adam_steps",
        hint="At the first step print v and (1 − β₂) g². What is squared in (51)?",
        source=adam(v=ADAM_V.replace("g * g", "self.m[name] ** 2")),
    ),
    Misconception(
        name="v of Adam averages g, not g²",
        check="adam_steps",
        hint="What is your v after a negative gradient, and what does the root make of it?",
        source=adam(v=ADAM_V.replace("g * g", "g")),
    ),
    Misconception(
        name="the factors 1 − β₁ and 1 − β₂ are missing in Adam",
        check="adam_steps",
        hint="With g = 2 at every step m should come near to 2, and v to 4. Which values do yours come near to?",
        source=adam(
            m="self.m[name] = self.beta1 * self.m.get(name, 0) + g",
            v="self.v[name] = self.beta2 * self.v.get(name, 0) + g * g",
        ),
    ),
    Misconception(
        name="m of Adam is stored under another name than it is read, so that the old m is always 0",
        check="adam_steps",
        hint="Print m after each of two steps with g = 2, β₁ = 0.9: it should be 0.2, then 0.38. Compare the names "
        "that you write to and read from, letter by letter.",
        source=adam(
            m="m = self.beta1 * self.m.get(name, 0) + (1 - self.beta1) * g",
            m_hat="m_hat = m / (1 - self.beta1**self.t)",
        ),
    ),
    Misconception(
        name="v of Adam is stored under another name than it is read, so that the old v is always 0",
        check="adam_steps",
        hint="Print v after each of two steps with the same gradient: it should nearly double. Compare the names that "
        "you write to and read from, letter by letter.",
        source=adam(
            v="v = self.beta2 * self.v.get(name, 0) + (1 - self.beta2) * g * g",
            v_hat="v_hat = v / (1 - self.beta2**self.t)",
        ),
    ),
    Misconception(
        name="Adam uses the gradient where (54) has m̂",
        check="adam_steps",
        hint="The third gradient of the worked example points the other way, and Adam goes on downwards. Does yours?",
        source=adam(step=ADAM_STEP.replace("m_hat", "g")),
    ),
    Misconception(
        name="Adam divides the parameter too, (W − α m̂) / √v̂",
        check="adam_steps",
        hint="Take a parameter of 1 and gradients of 10. Where does one step take it? See what the fraction in (54) "
        "covers.",
        source=adam(
            step="params[name] = (params[name] - self.learning_rate * m_hat) / (np.sqrt(v_hat) + self.eps)"
        ),
    ),
)

RULES = (
    Misconception(
        name="the gradient is clipped before the step",
        check="optimizers_first_step",
        hint="Give SGD a gradient of 100. The equations know no limit: how far should it go?",
        source=update("SGD", "params[name] -= self.learning_rate * np.clip(g, -5, 5)"),
    ),
    Misconception(
        name="Adam's default learning rate is 0.01, not the one in the docstring",
        check="optimizers_first_step",
        hint="The first step of Adam is α. Build it without arguments: how long is its first step?",
        source="""
class Adam(Adam):
    def __init__(self, learning_rate=0.01, beta1=0.9, beta2=0.999, eps=1e-8):
        super().__init__(learning_rate, beta1, beta2, eps)
""",
    ),
    Misconception(
        name="the state of Momentum is a variable of the class, which all optimizers share",
        check="optimizers_instances",
        hint="Make two optimizers, update one, and look at the memory of the other. Which line makes the dict, and how "
        "often does that line run?",
        source="""
class Momentum(Momentum):
    memory = {}

    def __init__(self, learning_rate=0.01, momentum=0.9):
        self.learning_rate, self.momentum, self.step = learning_rate, momentum, self.memory
""",
    ),
    Misconception(
        name="the state of AdaGrad is a default argument, which all optimizers share",
        check="optimizers_instances",
        hint="Make two optimizers, update one, and look at the h of the other. Python makes a default value once, when "
        "the function is defined.",
        source="""
class AdaGrad(AdaGrad):
    def __init__(self, learning_rate=0.01, eps=1e-8, h={}):
        self.learning_rate, self.eps, self.h = learning_rate, eps, h
""",
    ),
    Misconception(
        name="the state of Adam is kept in global variables, which all optimizers share",
        check="optimizers_instances",
        hint="Run the race twice in the same notebook. Which t does the second Adam begin with?",
        source="""
t, m, v = 0, {}, {}


class Adam(Adam):
    def __init__(self, learning_rate=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
        super().__init__(learning_rate, beta1, beta2, eps)
        self.m, self.v = m, v

    def update(self, params, grads):
        global t
        self.t = t
        t += 1
        return super().update(params, grads)
""",
    ),
    Misconception(
        name="one ΔW for all parameters of Momentum",
        check="optimizers_by_name",
        hint="Print the shape of ΔW while W and b take turns. Whose last step does b roll on with?",
        source=update(
            "Momentum",
            "self.last = self.momentum * getattr(self, 'last', 0) - self.learning_rate * g",
            "params[name] = params[name] + self.last",
        ),
    ),
    Misconception(
        name="one h for all parameters of AdaGrad",
        check="optimizers_by_name",
        hint="Print the shape of h while W and b take turns. Whose gradients does it sum?",
        source=update(
            "AdaGrad",
            "self.sum = getattr(self, 'sum', self.eps) + g * g",
            "params[name] = params[name] - self.learning_rate * g / np.sqrt(self.sum)",
        ),
    ),
    Misconception(
        name="one h for all parameters of RMSProp",
        check="optimizers_by_name",
        hint="Print the shape of h while W and b take turns. Whose gradients does it average?",
        source=update(
            "RMSProp",
            "self.mean = self.rho * getattr(self, 'mean', 0) + (1 - self.rho) * g * g",
            "params[name] = params[name] - self.learning_rate * g / (np.sqrt(self.mean) + self.eps)",
        ),
    ),
    Misconception(
        name="one m and one v for all parameters of Adam",
        check="optimizers_by_name",
        hint="Print the shapes of m and v while W and b take turns. Whose gradients do they average?",
        source=update(
            "Adam",
            "self.a = self.beta1 * getattr(self, 'a', 0) + (1 - self.beta1) * g",
            "self.b = self.beta2 * getattr(self, 'b', 0) + (1 - self.beta2) * g * g",
            "m_hat, v_hat = self.a / (1 - self.beta1**self.t), self.b / (1 - self.beta2**self.t)",
            "params[name] = params[name] - self.learning_rate * m_hat / (np.sqrt(v_hat) + self.eps)",
            before=ADAM_T,
        ),
    ),
    Misconception(
        name="the state of Momentum is found by the place in the dict, not by the name",
        check="optimizers_by_name",
        hint="Backpropagation fills its dict from back to front. Update once with the names in one order and once in "
        "the other: whose ΔW is number 0?",
        source="""
class Momentum(Momentum):
    def update(self, params, grads):
        for place, name in enumerate(params):
            self.step[place] = self.momentum * self.step.get(place, 0) - self.learning_rate * grads[name]
            params[name] += self.step[place]
        return params
""",
    ),
    Misconception(
        name="parameters and gradients of Momentum are paired by their place in the dicts, not by the name",
        check="optimizers_by_name",
        hint="Backpropagation fills its dict from back to front. Print the names of both dicts: what does zip put "
        "together?",
        source="""
class Momentum(Momentum):
    def update(self, params, grads):
        for (name, w), g in zip(params.items(), grads.values()):
            self.step[name] = self.momentum * self.step.get(name, 0) - self.learning_rate * g
            params[name] = w + self.step[name]
        return params
""",
    ),
    Misconception(
        name="h of AdaGrad starts at 0 without any ε, so that 0 is divided by 0",
        check="optimizers_zero_gradient",
        hint="A pixel that is white in every image has a gradient of exactly 0. What is your h for it, and what does "
        "(42) divide by?",
        source=update(
            "AdaGrad",
            "self.h[name] = self.h.get(name, 0) + g * g",
            "params[name] -= self.learning_rate * g / np.sqrt(self.h[name])",
        ),
    ),
    Misconception(
        name="RMSProp has no ε, so that 0 is divided by 0",
        check="optimizers_zero_gradient",
        hint="A pixel that is white in every image has a gradient of exactly 0. What is your h for it, and what does "
        "(44) divide by?",
        source=update("RMSProp", RMSPROP_H, "params[name] -= self.learning_rate * g / np.sqrt(self.h[name])"),
    ),
    Misconception(
        name="the denominator of AdaDelta has no ε, so that 0 is divided by 0",
        check="optimizers_zero_gradient",
        hint="A pixel that is white in every image has a gradient of exactly 0. What is your h for it, and what does "
        "(46) divide by?",
        source=adadelta(step="step = -np.sqrt(self.s.get(name, 0) + self.eps) / np.sqrt(h) * g"),
    ),
    Misconception(
        name="Adam has no ε, so that 0 is divided by 0",
        check="optimizers_zero_gradient",
        hint="A pixel that is white in every image has a gradient of exactly 0. What is your v̂ for it, and what does "
        "(54) divide by?",
        source=adam(step="params[name] -= self.learning_rate * m_hat / np.sqrt(v_hat)"),
    ),
    Misconception(
        name="SGD multiplies the gradient by η in place",
        check="optimizers_gradients_kept",
        hint="Print grads before and after update. Which operators write into the array on their left?",
        source=update("SGD", "g *= self.learning_rate", "params[name] -= g"),
    ),
    Misconception(
        name="AdaGrad divides the gradient in place",
        check="optimizers_gradients_kept",
        hint="Print grads before and after update. Which operators write into the array on their left?",
        source=update(
            "AdaGrad",
            ADAGRAD_H,
            "g /= np.sqrt(self.h[name])",
            "params[name] -= self.learning_rate * g",
        ),
    ),
)

MISCONCEPTIONS = (*SIMPLE, *ADAPTIVE, *ADAM, *RULES)
